"""`python -m audit.witness`: the witness without the rest of the program."""

from audit.witness.command import witness

witness(prog_name="python -m audit.witness")
