"""a reject keeps its record, so that it can be read again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("reject", schema=None) as batch_op:
        batch_op.add_column(sa.Column("format", sa.String(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("record", sa.String(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("settled", sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade() -> None:
    with op.batch_alter_table("reject", schema=None) as batch_op:
        batch_op.drop_column("settled")
        batch_op.drop_column("record")
        batch_op.drop_column("format")
