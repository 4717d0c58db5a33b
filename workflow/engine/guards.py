"""stub"""


def faults_of_diagram(*a):
    return []


def faults_of_spec(*a):
    return []


def faults_of_table(*a):
    return []
