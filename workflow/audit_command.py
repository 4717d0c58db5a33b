"""`mingjian audit`: whatever is asked of the log from the command line."""

import click

from workflow.evidence.command import bundle
from workflow.evidence.mirroring import mirror
from workflow.log_commands import keys, policy, recover_command, sequence_command, status
from workflow.verify_command import verify


@click.group()
def audit() -> None:
    """日志。The log."""


for command in (verify, status, policy, keys, recover_command, sequence_command, bundle, mirror):
    audit.add_command(command)
