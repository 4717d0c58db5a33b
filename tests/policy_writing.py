"""Policy sets written from scratch, as a county would: the two files of a folder."""

from collections.abc import Mapping, Sequence

COLUMNS = {
    "category": "string", "kind": "string", "age": "number", "reading": "string",
    "deductible": "number", "ratio": "number", "bands": "string", "pool": "string", "base": "string",
    "least": "number", "most": "number",
}  # fmt: skip
INPUTS = ("category", "kind", "age", "reading")

PROCEDURE = """
[procedure]
ways = ["ma_ordinary_county"]
posting_review = true
posting_audit = true
posting_decision = true
review_signatures = 10
review_majority = 0.50
economy_check = []
"""


def tariff(*rows: Mapping[str, str]) -> bytes:
    """tariff.dmn with these rows; a row names its `id` and its cells, texts already in their quotes."""
    used = [name for name in COLUMNS if any(name in row for row in rows) or name in ("category", "kind")]
    used += [name for name in ("deductible", "ratio", "pool", "base") if name not in used]
    inputs = [name for name in used if name in INPUTS]
    outputs = [name for name in used if name not in INPUTS]
    lines = [
        '<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="d" name="n" namespace="x">',
        '<decision id="tariff" name="n"><decisionTable id="t" hitPolicy="UNIQUE">',
    ]
    lines += [
        f'<input id="in_{name}"><inputExpression id="e_{name}" typeRef="{COLUMNS[name]}">'
        f"<text>{name}</text></inputExpression></input>"
        for name in inputs
    ]
    lines += [f'<output id="out_{name}" name="{name}" typeRef="{COLUMNS[name]}" />' for name in outputs]
    lines.append('<annotation name="source" />')
    for row in rows:
        lines.append(f'<rule id="{row["id"]}">')
        lines += [f"<inputEntry><text>{_cell(row.get(name, '-'))}</text></inputEntry>" for name in inputs]
        lines += [
            f"<outputEntry><text>{_cell(row.get(name, 'null'))}</text></outputEntry>" for name in outputs
        ]
        lines.append(
            f"<annotationEntry><text>{row.get('source', '县府办〔2026〕1号')}</text></annotationEntry></rule>"
        )
    return "\n".join([*lines, "</decisionTable></decision></definitions>"]).encode()


def _cell(written: str) -> str:
    return written.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def policy_set(
    folder: str, head: str, pools: str, rows: Sequence[Mapping[str, str]], procedure: str = PROCEDURE
) -> dict[str, bytes]:
    """Both files under policies/<folder>/. `head`: what stands before the first table of policy.toml."""
    toml = f"""
id = "{folder}"
version = "1"
title = {{ zh = "{folder}的救助标准", en = "tariff of {folder}" }}
source = "县府办〔2026〕1号"
{head}
{pools}
{procedure}
"""
    return {
        f"policies/{folder}/policy.toml": toml.encode(),
        f"policies/{folder}/tariff.dmn": tariff(*rows),
    }
