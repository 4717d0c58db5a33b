"""A witness in other hands signs that the log has only grown; without the quorum nothing is published."""

import http.client
import json
import threading
from base64 import b64encode
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest
from click.testing import CliRunner
from log_office import Office
from receivers import robot

import audit
from audit.checkpoint import Checkpoint
from audit.keyfile import FileSigner, load_signer
from audit.merkle import EMPTY
from audit.note import COSIGNS, SIGNS, Note, NoteRefused
from audit.private import KeyRefused
from audit.publishing import Behind, Contradiction
from audit.tiles import Folder, Leaf, Tree, append
from audit.witness.answering import Witness
from audit.witness.asking import LONGEST, Request
from audit.witness.command import witness as commands
from audit.witness.serving import Server, describe
from audit.witnessing import contacts

LOG = FileSigner("log.example", SIGNS, bytes([1]) * 32)
AT = 1_772_000_000


def leaves(count, word=b"entry"):
    return [Leaf(word + b" %d" % number) for number in range(count)]


@pytest.fixture
def forest(tmp_path):
    """`forest(size, word)`: a tree of that size; another word gives another history from its second entry."""

    def grown(size, word=b"entry"):
        folder = Folder(tmp_path / f"tree-{word.decode()}-{size}", fsync=lambda descriptor: None)
        history = leaves(size, word)
        history[:1] = leaves(1)
        append(folder, 0, history)
        return Tree(folder, size)

    return grown


@pytest.fixture
def witness(tmp_path):
    witness = Witness.create(tmp_path / "witness", "inspection.example")
    witness.clock = lambda: AT
    witness.trust(LOG.key.vkey)
    return witness


def asked(tree, old=0, proof=None, signer=LOG, origin="log.example"):
    note = Checkpoint(origin, tree.size, tree.root()).signed(signer)
    if proof is None:
        proof = tree.consistency(old) if 0 < old < tree.size else []
    return bytes(Request(old, tuple(proof), note))


def test_a_log_that_only_grows_is_signed_again_and_again(witness, forest):
    for old, size in ((0, 3), (3, 3), (3, 8), (8, 300)):
        tree = forest(size)
        answer = witness.answer(asked(tree, old))
        assert answer.status == 200
        note = Note.parse(asked(tree).partition(b"\n\n")[2])
        whole = Note.parse(bytes(note) + answer.body.encode())
        assert whole.signed_by(witness.signer.key) == AT
        assert witness.seen("log.example").size == size
    assert describe(witness).splitlines()[1] == f"log.example 300 {forest(300).root().hex()}"


def test_what_it_signed_survives_a_restart(witness, forest):
    witness.answer(asked(forest(5)))
    again = Witness(witness.folder)
    assert again.signer.key == witness.signer.key
    assert again.answer(asked(forest(9))).body == "5\n"


def test_07_an_older_checkpoint_is_not_signed(witness, forest):
    witness.answer(asked(forest(9)))
    answer = witness.answer(asked(forest(5), 5))
    assert (answer.status, answer.body, answer.content_type) == (409, "9\n", "text/x.tlog.size")
    assert witness.answer(asked(forest(5), 9, [])).status == 400
    assert witness.seen("log.example").size == 9


def test_10_a_fork_of_the_same_size_is_not_signed_and_kept_as_evidence(witness, forest):
    witness.answer(asked(forest(5)))
    fork = asked(forest(5, b"forged"), 5)
    answer = witness.answer(fork)
    assert (answer.status, answer.body) == (409, "5\n")
    (evidence,) = (witness.folder / "evidence").iterdir()
    assert Request.parse(evidence.read_bytes()).note.signed_by(LOG.key) == 0
    assert witness.seen("log.example").root == forest(5).root()


def test_11_a_longer_fork_with_its_own_proof_is_not_signed(witness, forest):
    witness.answer(asked(forest(5)))
    fork = forest(12, b"forged")
    assert witness.answer(asked(fork, 5)).status == 422
    assert witness.answer(asked(fork, 0)).status == 409
    assert len(list((witness.folder / "evidence").iterdir())) == 1


@pytest.mark.parametrize(
    "proof", [[], [bytes(32)], [bytes(32)] * 63, "short"], ids=["none", "one", "many", "cut"]
)
def test_12_a_junk_proof_is_not_signed(witness, forest, proof):
    witness.answer(asked(forest(5)))
    proof = forest(9).consistency(5)[:-1] if proof == "short" else proof
    assert witness.answer(asked(forest(9), 5, proof)).status == 422
    assert witness.answer(asked(forest(5), 5, [bytes(32)])).status == 422
    assert witness.answer(asked(forest(9), 3)).status == 409
    assert witness.seen("log.example").size == 5


def test_12_nothing_comes_before_the_beginning(witness, tmp_path):
    empty = Tree(Folder(tmp_path / "none"), 0)
    assert witness.answer(asked(empty, 0, [bytes(32)])).status == 422
    nonsense = Checkpoint("log.example", 0, bytes(32)).signed(LOG)
    assert witness.answer(bytes(Request(0, (), nonsense))).status == 422
    assert witness.answer(asked(empty)).status == 200
    assert witness.seen("log.example").root == EMPTY


def test_21_a_history_rebuilt_under_a_stolen_log_key_is_not_signed(witness, forest):
    """The thief has the log's key and the database; every signature and proof is as it should be."""
    witness.answer(asked(forest(40)))
    rebuilt = forest(40, b"rebuilt")
    for old in (0, 39, 40):
        assert witness.answer(asked(rebuilt, old)).status in (409, 422)


def test_only_its_logs_own_signature_makes_it_sign(witness, forest):
    tree = forest(3)
    stranger = FileSigner("log.example", SIGNS, bytes([2]) * 32)
    assert witness.answer(asked(tree, signer=stranger)).status == 403
    assert witness.answer(asked(tree, origin="other.example")).status == 404
    forged = asked(tree).replace(b"\n3\n", b"\n4\n")
    assert witness.answer(forged).status == 403
    witness.trust(stranger.key.vkey)
    witness.trust(stranger.key.vkey)
    assert len(witness.logs()) == 2
    assert witness.answer(asked(tree, signer=stranger)).status == 200
    with pytest.raises(NoteRefused, match="not the key of a log"):
        witness.trust(witness.signer.key.vkey)


def test_two_keys_of_one_log_are_both_its_own(witness, forest):
    """While a log changes its key both sign; the witness may know either."""
    other = FileSigner("log.example", SIGNS, bytes([2]) * 32)
    tree = forest(3)
    note = Checkpoint("log.example", 3, tree.root()).signed(other, LOG)
    assert witness.answer(bytes(Request(0, (), note))).status == 200


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff\n\nx",
        b"old 0\nx\n\n",
        b"old 0",
        b"old 00\n\n",
        b"old -1\n\n",
        b"old 0\nAAAA\n\n",
        b"old 0\n\nnot a note",
        b"old 0\n" + (b64encode(bytes(32)) + b"\n") * 64 + b"\n",
        b"x" * (LONGEST + 1),
        b"old 0\n\n"
        + bytes(Note("no checkpoint\n", LOG and Checkpoint("o", 0, EMPTY).signed(LOG).signatures)),
    ],
)
def test_40_what_is_no_request_is_refused_at_once(witness, body):
    assert witness.answer(body).status == 400


def test_evidence_does_not_fill_the_disk(witness, forest, monkeypatch):
    monkeypatch.setattr("audit.witness.answering.MOST_EVIDENCE", 2)
    witness.answer(asked(forest(5)))
    for word in (b"a", b"b", b"c"):
        witness.answer(asked(forest(5, word), 5))
    assert len(list((witness.folder / "evidence").iterdir())) == 2


def test_what_cannot_be_remembered_is_not_signed(witness, forest):
    def full(descriptor):
        raise OSError(28, "No space left on device")

    witness._files._fsync = full
    with pytest.raises(OSError, match="No space"):
        witness.answer(asked(forest(5)))
    assert witness.seen("log.example") is None


@contextmanager
def online(witness):
    with Server(("127.0.0.1", 0), witness) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def called(url, method, path, body=None, headers=()):
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=5)
    connection.request(method, path, body, dict(headers))
    answer = connection.getresponse()
    said = answer.status, answer.read().decode(), answer.headers["Content-Type"]
    connection.close()
    return said


def test_over_http_it_answers_as_the_protocol_says(witness, forest):
    with online(witness) as url:
        status, body, _ = called(url, "POST", "/add-checkpoint", asked(forest(3)))
        assert status == 200 and body.startswith("— inspection.example ")
        assert called(url, "POST", "/any/prefix/add-checkpoint", asked(forest(3)))[::2] == (
            409,
            "text/x.tlog.size",
        )
        assert called(url, "GET", "/")[:2] == (200, describe(witness))
        assert called(url, "POST", "/elsewhere", b"x")[0] == 404
        assert called(url, "POST", "/add-checkpoint", b"x" * (LONGEST + 1))[0] == 413
        assert called(url, "POST", "/add-checkpoint", b"x", {"Content-Length": "ten"})[0] == 411
        assert called(url, "POST", "/add-checkpoint", b"old 0\n\nx")[0] == 400
        witness._files._fsync = lambda descriptor: (_ for _ in ()).throw(OSError(28, "full"))
        assert called(url, "POST", "/add-checkpoint", asked(forest(5), 3))[0] == 500


def test_many_at_once_are_answered_one_after_the_other(witness, forest):
    """Everybody extends from what they think it has signed: each size is signed once, in order."""
    trees, answers = [forest(size) for size in range(1, 9)], []
    with online(witness) as url:

        def push(tree):
            body = asked(tree)
            while True:
                status, said, _ = called(url, "POST", "/add-checkpoint", body)
                if status != 409 or int(said) > tree.size:
                    answers.append((tree.size, status))
                    return
                body = asked(tree, int(said))

        people = [threading.Thread(target=push, args=(tree,)) for tree in trees]
        for person in people:
            person.start()
        for person in people:
            person.join()
    assert dict(answers)[8] == 200
    assert witness.seen("log.example") == Checkpoint("log.example", 8, trees[-1].root())


# ---- the office asks


@pytest.fixture
def office(tmp_path):
    office = Office(f"sqlite+pysqlite:///{tmp_path / 'office.sqlite'}", tmp_path / "home")
    office.write(2)
    office.round()
    yield office
    office.close()


def agree(office, quorum, **urls):
    """A policy with these witnesses (name → folder of the witness, address)."""
    lines = [f"log {party.key.vkey}" for party in office.policy().logs]
    for name, (witness, url) in urls.items():
        lines.append(f"witness {name} {witness.signer.key.vkey} {url}")
        for party in office.policy().logs:
            witness.trust(party.key.vkey)
    group = f"group both all {' '.join(urls)}" if len(urls) > 1 else "#"
    (office.home / "log/policy").write_text("\n".join([*lines, group, f"quorum {quorum}", ""]))


def test_the_office_publishes_what_its_witnesses_have_signed(office, witness):
    with online(witness) as url:
        agree(office, "inspection", inspection=(witness, url + "/"))
        office.write(3)
        assert office.round()[audit.LOG].out
        assert office.seen().cosigned == {"inspection": AT}
        office.write(300)
        office.round()
        assert office.seen().cosigned == {"inspection": AT}
        assert office.seen("reads").cosigned == {"inspection": AT}
    assert witness.seen(office.seen().checkpoint.origin) == office.seen().checkpoint
    known = contacts(office.home / "sequencer")["inspection"]
    assert (known.bad_since, known.good_at) == (None, "2026-03-02T04:00:00.000000Z")


def test_without_the_quorum_nothing_is_published_and_since_when_is_told(office, witness, tmp_path):
    finance = Witness.create(tmp_path / "finance", "finance.example")
    before = (office.home / "log/checkpoint").read_bytes()
    with online(witness) as url:
        agree(office, "both", inspection=(witness, url), finance=(finance, "http://127.0.0.1:1/"))
        office.write()
        assert not office.round()[audit.LOG].out
        assert (office.home / "log/checkpoint").read_bytes() == before
        away = contacts(office.home / "sequencer")["finance"]
        assert away.bad_since == "2026-03-02T04:00:00.000000Z" and "refused" in away.reason
        office.later(seconds=30)
        office.write()
        assert not office.round()[audit.LOG].out
        assert contacts(office.home / "sequencer")["finance"].bad_since == away.bad_since
        with online(finance) as second:
            agree(office, "both", inspection=(witness, url), finance=(finance, second))
            office.later(seconds=60)
            assert office.round()[audit.LOG].out
    assert contacts(office.home / "sequencer")["finance"].bad_since is None
    assert office.seen().cosigned.keys() == {"inspection", "finance"}
    assert office.tree().size == office.seen().checkpoint.size > 6


def test_a_witness_that_is_away_is_asked_less_and_less_often(office, witness, monkeypatch):
    agree(office, "none", inspection=(witness, "http://127.0.0.1:1/"))
    calls = []
    monkeypatch.setattr("audit.reaching._post", lambda *told: calls.append(told) or (503, "busy"))
    for _ in range(130):
        office.later(seconds=1)
        office.write()
        assert office.round()[audit.LOG].out
    mine = [url for url, *_ in calls]
    assert len(mine) <= 2 * 9  # 1, 2, 4, … 60 seconds apart, for two logs
    assert contacts(office.home / "sequencer")["inspection"].reason == "503 busy"


@pytest.mark.parametrize("lost", [(), ("sequencer/witnesses.json",)], ids=["remembered", "asked"])
def test_14_a_witness_that_has_signed_more_stops_the_office(office, witness, lost):
    """The newest rows, heads and every local memory are gone; the witness still knows."""
    with online(witness) as url:
        agree(office, "none", inspection=(witness, url))
        office.write(3)
        office.round()
        with office.unguarded():
            office.execute("DELETE FROM audit_index WHERE tree = 0 AND idx >= 4")
            for table in ("audit_entry", "audit_head", "audit_pending"):
                office.execute(f"DELETE FROM {table} WHERE chain NOT IN (SELECT chain FROM audit_index)")
        for name in ("sequencer/signed", "log/checkpoint", *lost):
            (office.home / name).unlink()
        for path in (office.home / "log/tile").rglob("*"):
            if path.is_file():
                path.unlink()
        with pytest.raises(Behind, match=r"has signed \d+ entries, here are"):
            office.restarted().round()
        assert not (office.home / "log/checkpoint").exists()


def test_10_an_office_that_forks_is_stopped_by_its_witness(office, witness):
    with online(witness) as url:
        agree(office, "none", inspection=(witness, url))
        office.write()
        office.round()
        growing = office.sequencer.logs[audit.LOG]
        fork = Checkpoint(growing.origin, growing.size, bytes(32)).signed(*growing.signers)
        with pytest.raises(Contradiction, match="another tree of"):
            office.sequencer.witnesses[audit.LOG].ask(office.policy(), fork, office.tree())
    assert "another tree" in contacts(office.home / "sequencer")["inspection"].reason


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ((200, "nonsense"), "does not end"),
        ((200, "— inspection.example AAAAAAA=\n"), "another key"),
        ((409, "not a size"), "409 not a size"),
        ((422, "no"), "422 no"),
        ((500, ""), "500"),
    ],
)
def test_an_answer_that_is_no_signature_counts_for_nothing(office, witness, monkeypatch, answer, reason):
    agree(office, "inspection", inspection=(witness, "http://127.0.0.1:1/"))
    monkeypatch.setattr("audit.reaching._post", lambda *told: answer)
    office.write()
    assert not office.round()[audit.LOG].out
    assert reason in contacts(office.home / "sequencer")["inspection"].reason


def test_a_forged_signature_in_the_witnesss_name_counts_for_nothing(office, witness, monkeypatch):
    agree(office, "inspection", inspection=(witness, "http://127.0.0.1:1/"))
    blob = b64encode(witness.signer.key.id + bytes(72)).decode()
    monkeypatch.setattr("audit.reaching._post", lambda *told: (200, f"— inspection.example {blob}\n"))
    office.write()
    assert not office.round()[audit.LOG].out
    assert "not its signature" in contacts(office.home / "sequencer")["inspection"].reason


def test_a_witness_that_names_another_size_each_time_is_given_up(office, witness, monkeypatch):
    agree(office, "none", inspection=(witness, "http://127.0.0.1:1/"))
    sizes = iter(range(1, 100))
    monkeypatch.setattr("audit.reaching._post", lambda *told: (409, f"{next(sizes) % 3 + 1}\n"))
    office.write()
    office.round()
    assert "another size each time" in contacts(office.home / "sequencer")["inspection"].reason


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (b"this is no HTTP\r\n\r\n", "BadStatusLine"),
        (b"HTTP/1.1 200 " + b"x" * 70_000, "LineTooLong"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "IncompleteRead"),
        (b"HTTP/1.1 500 no\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "IncompleteRead"),
    ],
)
def test_a_garbled_answer_counts_for_nothing_and_ends_no_round(office, witness, answer, reason):
    with robot() as (this, url):
        this.raw = answer
        agree(office, "none", inspection=(witness, url))
        office.write()
        assert office.round()[audit.LOG].out
    assert reason in contacts(office.home / "sequencer")["inspection"].reason


def test_a_witness_without_an_address_is_not_asked(office, witness):
    agree(office, "none", inspection=(witness, ""))
    office.write()
    assert office.round()[audit.LOG].out
    assert contacts(office.home / "sequencer") == {}


def test_an_address_that_is_none_is_told(office, witness):
    agree(office, "none", inspection=(witness, "ftp://witness.example/"))
    office.write()
    office.round()
    assert "not an address" in contacts(office.home / "sequencer")["inspection"].reason


# ---- by stick


@pytest.fixture
def stick(office, witness, tmp_path):
    spool = tmp_path / "stick"
    spool.mkdir()
    agree(office, "inspection", inspection=(witness, spool.as_uri()))
    return spool


def carried(witness, spool, log=""):
    """Somebody takes the stick to the witness and back."""
    (request,) = [
        path for path in spool.glob("*.request") if path.name.endswith(f"{log or 'sequencer'}.request")
    ]
    run = CliRunner().invoke(
        commands,
        ["sign", "--state", str(witness.folder), str(request), str(request.with_suffix(".response"))],
    )
    return run.exit_code


def test_a_stick_is_a_way_to_the_witness(office, witness, stick):
    office.write()
    assert not office.round()[audit.LOG].out
    assert carried(witness, stick) == 0
    assert carried(witness, stick, "reads") == 0
    done = office.round()
    assert done[audit.LOG].out and done[audit.READS].out
    assert office.seen().cosigned.keys() == {"inspection"}
    assert not list(stick.iterdir())


def test_what_was_signed_while_the_log_grew_on_is_published_and_the_rest_asked_for(office, witness, stick):
    office.write()
    office.round()
    size = office.sequencer.logs[audit.LOG].size
    carried(witness, stick)
    office.write(5)
    assert not office.round()[audit.LOG].out
    assert office.seen().checkpoint.size == size
    assert carried(witness, stick) == 0
    assert office.round()[audit.LOG].out
    assert office.seen().checkpoint.size == size + 5


def test_the_answer_to_a_request_that_has_left_already_is_taken(office, witness, stick):
    """Moved to the stick: another request lies there meanwhile."""
    office.write()
    office.round()
    first = next(path for path in stick.iterdir() if "reads" not in path.name)
    body = first.read_bytes()
    for _ in range(3):
        first.unlink()
        office.write()
        office.round()
    answer = witness.answer(body)
    first.with_suffix(".response").write_text(answer.body)
    office.round()
    assert office.seen().checkpoint.size == Request.parse(body).checkpoint.size


def test_a_stick_that_several_witnesses_share_keeps_their_answers_apart(office, witness, tmp_path):
    """One name may end or begin like another, or look like a pattern."""
    spool = tmp_path / "stick"
    spool.mkdir()
    names = ("second.inspection.example", "inspection.example-sequencer", "inspection.[a-z]")
    others = [Witness.create(tmp_path / name, name) for name in names]
    parties = {f"w{number}": (one, spool.as_uri()) for number, one in enumerate([witness, *others])}
    agree(office, "both", **parties)
    office.write()
    office.round()
    for one, _ in parties.values():
        for log in ("sequencer", "reads"):
            request = spool / f"{one.signer.key.name}-{log}.request"
            answer = one.answer(request.read_bytes())
            request.with_suffix(".response").write_text(answer.body)
    done = office.round()
    assert done[audit.LOG].out and done[audit.READS].out
    assert all(one.bad_since is None for one in contacts(office.home / "sequencer").values())


def test_only_the_last_requests_are_remembered(office, stick):
    for _ in range(12):
        for path in stick.iterdir():
            path.unlink()
        office.write()
        office.round()
    asked = [path for path in (office.home / "sequencer/asked").iterdir() if "reads" not in path.name]
    assert len(asked) == 8


def test_a_restored_office_learns_where_the_witness_stands(office, witness, stick):
    office.write()
    office.round()
    carried(witness, stick)
    office.round()
    size = office.seen().checkpoint.size
    (office.home / "sequencer/witnesses.json").unlink()
    office.restarted()
    office.write()
    office.round()
    assert carried(witness, stick) == 1, "the office thinks the witness has seen nothing"
    office.round()
    assert carried(witness, stick) == 0
    office.round()
    assert office.seen().checkpoint.size > size


def test_14_a_stick_tells_too_that_the_witness_has_signed_more(office, stick):
    office.write()
    office.round()
    request = next(path for path in stick.iterdir() if "reads" not in path.name)
    request.with_suffix(".response").write_text("5000\n")
    with pytest.raises(Behind, match="stands at 5000"):
        office.round()


@pytest.mark.parametrize(
    ("answer", "reason"), [("", "an empty answer"), ("no", "no"), ("— x AAAAAAA=\n", "another key")]
)
def test_a_junk_answer_on_a_stick_is_told_and_taken_away(office, stick, answer, reason):
    office.write()
    office.round()
    request = next(path for path in stick.iterdir() if "reads" not in path.name)
    response = request.with_suffix(".response")
    response.write_text(answer)
    assert not office.round()[audit.LOG].out
    assert reason in contacts(office.home / "sequencer")["inspection"].reason
    assert not response.exists() and request.exists()


def test_memory_of_the_witnesses_that_is_damaged_is_forgotten(tmp_path):
    for content in ("junk", "[]", '{"a": {"other": 1}}'):
        (tmp_path / "witnesses.json").write_text(content)
        assert contacts(tmp_path) == {}


# ---- the program


def run(*arguments):
    return CliRunner().invoke(commands, [str(argument) for argument in arguments])


def test_the_witness_is_set_up_by_its_commands(tmp_path, forest):
    state = tmp_path / "state"
    made = run("init", "--state", state, "--name", "finance.example")
    word, name, vkey = made.output.split()
    assert (word, name) == ("witness", "finance") and vkey == load_signer(state / "witness.key").key.vkey
    assert load_signer(state / "witness.key").key.kind == COSIGNS
    assert run("trust", "--state", state, LOG.key.vkey).output == "✔ log.example\n"
    assert run("show", "--state", state).output == f"{vkey}\nlog.example -\n"
    (tmp_path / "request").write_bytes(asked(forest(3)))
    signed = run("sign", "--state", state, tmp_path / "request", tmp_path / "response")
    assert signed.exit_code == 0 and "已签名" in signed.output
    again = run("sign", "--state", state, tmp_path / "request", tmp_path / "response")
    assert again.exit_code == 1 and (tmp_path / "response").read_text() == "3\n"


def test_commands_say_what_is_wrong(tmp_path):
    assert "not the name of a key" in run("init", "--state", tmp_path / "w", "--name", "a+b").output
    assert "Make a key first" in run("show", "--state", tmp_path / "w").output
    run("init", "--state", tmp_path / "w", "--name", "w.example")
    assert "not a verification key" in run("trust", "--state", tmp_path / "w", "x").output
    (tmp_path / "w/witness.key").chmod(0o644)
    assert "owner alone" in run("init", "--state", tmp_path / "w", "--name", "w.example").output
    with pytest.raises(KeyRefused):
        Witness(tmp_path / "w")


def test_the_witness_serves_until_it_is_stopped(tmp_path, monkeypatch):
    run("init", "--state", tmp_path / "w", "--name", "w.example")

    def stopped(server, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr(Server, "serve_forever", stopped)
    served = run("serve", "--state", tmp_path / "w", "--port", 0)
    assert served.exit_code == 0 and "http://127.0.0.1:" in served.output


def test_the_witness_runs_without_the_rest_of_the_program(tmp_path):
    import subprocess
    import sys

    code = (
        "import sys, runpy; sys.argv[1:] = ['--help']; runpy.run_module('audit.witness', run_name='__main__')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0 and "add" not in done.stderr
    loaded = (
        "import sys, audit.witness.command; print(json.dumps(sorted(m for m in sys.modules if m in ("
        "'flask', 'SpiffWorkflow', 'workflow', 'bpmn', 'web'))))"
    )
    done = subprocess.run(
        [sys.executable, "-c", f"import json; {loaded}"], capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout) == []
