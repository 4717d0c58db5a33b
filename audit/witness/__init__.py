"""A witness: a small program of its own, with its own key and memory, in other hands than the office's.

It signs that a log has only grown since it last looked (c2sp.org/tlog-witness, c2sp.org/tlog-cosignature). It
sees sizes and hashes, never entries. What it remembers is one checkpoint for each log; a log that shows it
another history gets no signature, and the attempt is kept as evidence.

    mingjian witness init --state DIR --name inspection.anfu.example     a key; prints the line for the policy
    mingjian witness trust --state DIR VKEY                              the log to watch
    mingjian witness serve --state DIR --port 8101                       over HTTP
    mingjian witness sign --state DIR REQUEST RESPONSE                   by file, for a USB stick
    mingjian witness show --state DIR                                    what it has seen
"""
