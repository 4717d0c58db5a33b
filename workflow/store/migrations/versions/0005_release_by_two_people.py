"""Proposals to change the rules, and which rule book is in force since when."""

import sqlalchemy as sa
from alembic import op

from workflow.store.types import Instant

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "rulebook_proposal",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("base", sa.String(length=64), nullable=False),
        sa.Column("manifest", sa.JSON(), nullable=False),
        sa.Column("origin", sa.String(length=8), nullable=False),
        sa.Column("packaged", sa.String(length=64), nullable=False),
        sa.Column("program", sa.JSON(), nullable=True),
        sa.Column("kept", sa.JSON(), nullable=False),
        sa.Column("note", sa.String(length=200), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("state", sa.String(length=9), nullable=False),
        sa.Column("made_at", Instant(), nullable=False),
        sa.Column("proposed_by", sa.Integer(), nullable=True),
        sa.Column("proposed_at", Instant(), nullable=True),
        sa.Column("decided_by", sa.Integer(), nullable=True),
        sa.Column("decided_at", Instant(), nullable=True),
        sa.Column("reason", sa.String(length=200), nullable=True),
        sa.Column("replaces", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rulebook_proposal")),
        sa.UniqueConstraint("replaces", name=op.f("uq_rulebook_proposal_replaces")),
        sa.ForeignKeyConstraint(["base"], ["rulebook.digest"], name=op.f("fk_rulebook_proposal_base")),
        sa.ForeignKeyConstraint(
            ["proposed_by"], ["account.id"], name=op.f("fk_rulebook_proposal_proposed_by")
        ),
        sa.ForeignKeyConstraint(["decided_by"], ["account.id"], name=op.f("fk_rulebook_proposal_decided_by")),
        sa.ForeignKeyConstraint(
            ["replaces"], ["rulebook_proposal.id"], name=op.f("fk_rulebook_proposal_replaces")
        ),
    )
    op.create_index(op.f("ix_rulebook_proposal_state"), "rulebook_proposal", ["state"])
    op.create_table(
        "rulebook_force",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("since", Instant(), nullable=False),
        sa.Column("released_at", Instant(), nullable=False),
        sa.Column("packaged", sa.String(length=64), nullable=False),
        sa.Column("proposal_id", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rulebook_force")),
        sa.ForeignKeyConstraint(["digest"], ["rulebook.digest"], name=op.f("fk_rulebook_force_digest")),
        sa.ForeignKeyConstraint(
            ["proposal_id"], ["rulebook_proposal.id"], name=op.f("fk_rulebook_force_proposal_id")
        ),
    )
    # until now each start of the program put its own rule book into force
    op.execute(
        "INSERT INTO rulebook_force (digest, since, released_at, packaged) "
        "SELECT digest, released_at, released_at, digest FROM rulebook ORDER BY released_at"
    )
