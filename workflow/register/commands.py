"""`mingjian user` and `mingjian import`: accounts, and tables that come from outside.

Exit status: 0 done, 1 refused (every fault is shown), 2 the call itself was wrong.
"""

from workflow.register.import_commands import import_group
from workflow.register.user_commands import user

__all__ = ["import_group", "user"]
