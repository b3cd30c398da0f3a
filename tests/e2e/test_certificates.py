"""GET /certificates/{id}: JSON, and the file for Coq."""

import base64
import hashlib
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from e2e.running import ROOT, Server, running_server

from logos_pxl.goals import Goal

GOALS = [
    "BOX(A -> A)",
    "A -> BOX(A)",
    "BOX(p -> q) -> (BOX(p) -> BOX(q))",
    "DIA(BOX(p)) <-> BOX(p)",
    "~(true /\\ false) \\/ (x1 <-> x')",
    "BOX(p \\/ q) -> BOX(p) \\/ BOX(q)",
    "false",
    "true",
    "BOX(überall /\\ λ') -> λ'",
    "Theorem -> Qed",
    "forall -> BOX(Prov)",
]


def coqc(folder: Path, text: str) -> subprocess.CompletedProcess[str]:
    """Plain coqc on a file in a folder of its own."""
    (folder / "proof.v").write_text(text)
    return subprocess.run(
        ["coqc", "-q", "-Q", str(ROOT / "coq" / "theories"), "PXL", "proof.v"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("goal", GOALS)
def test_plain_coqc_accepts_the_exported_file(server: Server, folder: Path, goal: str) -> None:
    """With nothing but coq/theories on its load path, in an empty folder; the theorem rests on no axiom."""
    answer = server.prove(goal).json()
    text = server.client.get(f"/certificates/{answer['id']}.v").text
    ran = coqc(folder, text)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.strip() == "Closed under the global context"
    assert ("Theorem goal_is_provable : Prov goal." in text) == answer["ok"]
    assert ("Theorem goal_is_not_provable : ~ Prov goal." in text) == (not answer["ok"])


def test_the_exported_theorem_is_about_the_goal(server: Server, folder: Path) -> None:
    """Coq, asked by us, finds in the file the goal that was posted."""
    answer = server.prove("BOX(rain -> rain)").json()
    text = server.client.get(f"/certificates/{answer['id']}.v").text
    ran = coqc(folder, text + '\nCheck (goal_is_provable : Prov (Box (Imp (Atom "rain"%name) (Atom "rain"%name)))).\n')
    assert ran.returncode == 0, ran.stderr


def test_coqc_refuses_an_exported_file_whose_goal_was_changed(server: Server, folder: Path) -> None:
    """The file is checked, not believed."""
    answer = server.prove("BOX(rain -> rain)").json()
    text = server.client.get(f"/certificates/{answer['id']}.v").text
    definition = text.index("Definition goal")
    changed = text[:definition] + text[definition:].replace('"rain"', '"snow"', 1)
    assert changed != text
    assert coqc(folder, changed).returncode != 0


def test_the_header_tells_how_to_check_it(server: Server) -> None:
    """Goal, verdict, versions, kernel hash and the exact command."""
    answer = server.prove("A -> BOX(A)").json()
    header = server.client.get(f"/certificates/{answer['id']}.v").text.partition("*)")[0]
    for told in ("A -> BOX(A)", "invalid", "8.16.1", answer["kernel_hash"], answer["id"], "coqc -q -Q coq/theories PXL"):
        assert told in header


@pytest.mark.parametrize(
    ("suffix", "query", "accept", "form"),
    [
        ("", "", None, "json"),
        ("", "", "*/*", "json"),
        ("", "", "application/json", "json"),
        ("", "", "text/x-coq", "v"),
        ("", "", "application/json;q=0.5, text/x-coq", "v"),
        ("", "", "text/html, */*;q=0.1", "json"),
        ("", "?format=v", "application/json", "v"),
        ("", "?format=json", "text/x-coq", "json"),
        (".v", "", "application/json", "v"),
        (".json", "", "text/x-coq", "json"),
    ],
)
def test_the_form_is_chosen_by_suffix_query_or_accept(server: Server, suffix: str, query: str, accept: str | None, form: str) -> None:
    """In this order; JSON when nothing is said."""
    certificate = server.prove("BOX(A -> A)").json()["id"]
    headers = {} if accept is None else {"Accept": accept}
    response = server.client.get(f"/certificates/{certificate}{suffix}{query}", headers=headers)
    assert response.status_code == 200
    assert response.headers["content-type"] == {"json": "application/json", "v": "text/x-coq; charset=utf-8"}[form]


def test_a_form_that_a_certificate_has_not_is_refused(server: Server) -> None:
    """By Accept with 406, by the query with 400."""
    certificate = server.prove("BOX(A -> A)").json()["id"]
    assert server.client.get(f"/certificates/{certificate}", headers={"Accept": "image/png"}).status_code == 406
    assert server.client.get(f"/certificates/{certificate}?format=pdf").status_code == 400


def independent_id(document: dict[str, Any]) -> str:
    """The id as docs/api.md defines it."""
    digest = hashlib.sha256(b"pxl-certificate/1\0")
    for part in (
        document["kind"].upper().encode(),
        document["goal"].encode(),
        base64.b64decode(document["certificate"]),
        document["kernel_hash"].encode(),
    ):
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()


def test_the_json_certificate_is_complete(server: Server) -> None:
    """Goal, kind, evidence, its description, versions and hash; the id is the documented hash of them."""
    answer = server.prove("BOX(p -> q) -> (BOX(p) -> BOX(q))").json()
    document = server.client.get(f"/certificates/{answer['id']}").json()
    assert (document["format"], document["logic"], document["kind"]) == ("pxl-certificate/1", "S5", "proof")
    assert document["id"] == answer["id"] == independent_id(document)
    assert document["goal"] == answer["goal"]
    assert document["statement"] == answer["statement"]
    assert document["versions"] == answer["versions"]
    nodes, steps = document["description"]["nodes"], document["description"]["steps"]
    assert {node["name"] for node in nodes if node["op"] == "atom"} == {"p", "q"}
    assert steps[-1]["clause"] == [len(nodes)]


def test_the_json_countermodel_describes_its_worlds(server: Server) -> None:
    """The description is a model that falsifies the goal."""
    answer = server.prove("p -> BOX(p)").json()
    document = server.client.get(f"/certificates/{answer['id']}").json()
    assert document["kind"] == "countermodel"
    description = document["description"]
    truths = Goal.parse("p -> BOX(p)").formula.evaluate(description["worlds"])
    assert truths[description["failing_world"]] is False


def test_certificates_survive_a_restart_and_damage_is_refused(folder: Path) -> None:
    """A new server finds the old one's certificates, and refuses the one that was changed on disk."""
    with running_server(folder, PXL_POOL_SIZE="1") as first:
        kept, damaged = (first.prove(goal).json() for goal in ("BOX(A -> A)", "BOX(B -> B)"))
        assert kept["certificate_stored"] is True
    file = folder / "var" / "certificates" / damaged["id"]
    file.write_bytes(file.read_bytes().replace(b"BOX(B -> B)", b"BOX(B -> C)"))
    with running_server(folder, PXL_POOL_SIZE="1") as second:
        assert second.client.get(f"/certificates/{kept['id']}").json()["goal"] == "BOX(A -> A)"
        assert second.client.get(f"/certificates/{damaged['id']}").status_code == 404
        again = second.prove("BOX(B -> B)").json()
        assert (again["id"], again["certificate_stored"]) == (damaged["id"], True)
        assert second.client.get(f"/certificates/{damaged['id']}").json()["goal"] == "BOX(B -> B)"


def test_the_oldest_certificates_go_when_there_are_too_many(folder: Path) -> None:
    """The store is bounded; the newest are there."""
    with running_server(folder, PXL_POOL_SIZE="1", PXL_CERTIFICATES_MAX="3") as server:
        ids = [server.prove(f"a{number} -> a{number}").json()["id"] for number in range(5)]
        found = [server.client.get(f"/certificates/{one}").status_code for one in ids]
    assert found == [404, 404, 200, 200, 200]


def test_a_full_disk_does_not_cost_the_verdict(folder: Path) -> None:
    """When no file can be written, the verdict is answered all the same, and says that its certificate is not kept."""
    import resource  # noqa: PLC0415

    with running_server(folder, PXL_POOL_SIZE="1") as server:
        _, hard = resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (0, hard))
        answer = server.prove("BOX(A -> A)")
        assert answer.status_code == 200
        assert (answer.json()["verdict"], answer.json()["certificate_stored"]) == ("valid", False)
        assert server.client.get(f"/certificates/{answer.json()['id']}").status_code == 404
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (hard, hard))
        assert server.prove("BOX(A -> A)").json()["certificate_stored"] is True


def test_a_json_certificate_is_what_pxl_verify_reads(server: Server, folder: Path) -> None:
    """What the service hands out is accepted by the command line."""
    import sys  # noqa: PLC0415

    certificate = server.prove("DIA(p) -> BOX(DIA(p))").json()["id"]
    (folder / "c.json").write_text(json.dumps(server.client.get(f"/certificates/{certificate}").json()))
    ran = subprocess.run(
        [sys.executable, "-c", "from logos_pxl.cli import main; main()", "verify", str(folder / "c.json")],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert "accepted by Coq's kernel: Prov" in ran.stdout
