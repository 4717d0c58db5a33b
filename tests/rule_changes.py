"""How tests change the rules: one file in one place, then two people, or a new start of the program."""

from workflow.commands import ReleaseProposal
from workflow.house import open_house
from workflow.releasing import doing

TARIFF = ("policies/plan-2026/tariff.dmn", b"<text>0.75</text>", b"<text>0.80</text>")
VERSION = ("policies/plan-2026/policy.toml", b'version = "2026.1"', b'version = "2026.2"')


def changed(county, *changes):
    """The files in force with changes of (path, old, new), each in one place."""
    files = dict(county.house.rules().rulebook.files)
    for path, old, new in changes:
        assert old in files[path], f"{path} does not hold {old!r}"
        files[path] = files[path].replace(old, new, 1)
    return files


def proposed(county, files, by="chnd", **more):
    """The number of the proposal somebody of the county makes of these files."""
    base = doing.newest_files(county.house)[0]
    return doing.propose(county.house, county.staff[by].actor, files, base=base, **more)


def released(county, files, **more):
    """The county handler proposes the files, the approver releases them; the digest in force."""
    county.clock.forward(minutes=1)
    number = proposed(county, files, **more)
    doing.decide(county.house, county.staff["capr"].actor, ReleaseProposal(number))
    county.clock.forward(minutes=1)
    return county.house.rules().digest


def started_anew(county, files):
    """A new start of the program with other files, on the same database."""
    mine = county.house
    url = mine.engine.url.render_as_string(hide_password=False)
    county.clock.forward(minutes=1)
    return open_house(url, mine.home, now=county.clock, rulebook=files, migrate=False)
