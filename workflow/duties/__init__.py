"""救助工作日历: what every office has to do on which day, from the rules D21 to D26 and D37 to D43.

Pure but for `subscribing`, which keeps who may read it from outside.
"""
