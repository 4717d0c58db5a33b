"""What a worker needs, read once by the process that workers are forked from; a new interpreter reads for
seconds before it works. Importing this module does it.
"""

import gc

import bpmn
from workflow import rules
from workflow.simulation import worker_process

__all__ = ["worker_process"]

rules.ready(bpmn.packaged_files())
gc.collect()
gc.freeze()
