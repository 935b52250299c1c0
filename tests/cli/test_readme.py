"""What the README promises is what happens."""

import re
import subprocess

from conftest import SOURCE, run

README = (SOURCE / "README.md").read_text()
BLOCKS = re.findall(r"^```(?:sh)?\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def test_the_first_command_prints_what_the_readme_shows_and_writes_the_page(tmp_path):
    command, shown = BLOCKS[0].strip(), BLOCKS[1].splitlines()
    assert command.startswith("tools/run replay samples/")
    page = tmp_path / "report.html"
    # The release build is what tools/test has made; here it is only checked.
    done = subprocess.run(
        command.replace("report.html", str(page)).split(), cwd=SOURCE, capture_output=True, text=True, timeout=170
    )
    assert done.returncode == 0, done.stderr
    assert page.stat().st_size > 1000
    assert shown[-1] == "..."
    width = max(len(line) for line in shown)
    printed = run("replay", SOURCE / "samples/web.pcapng", "--width", 80).stdout.splitlines()
    assert width <= 80
    assert printed[: len(shown) - 1] == shown[:-1]
    # The same words, for a wider page.
    assert set(" ".join(shown[:3]).split()) <= set(done.stdout.split())


def test_the_explanation_that_the_readme_shows_is_the_one_that_is_printed():
    quotes = [" ".join(re.sub("^> ?", "", block, flags=re.MULTILINE).split())
              for block in re.findall(r"(?:^> .*\n)+", README, re.MULTILINE)]
    printed = " ".join(run("replay", SOURCE / "samples/web.pcapng", "-v").stdout.split())
    assert quotes[0] in printed


def test_every_command_that_the_readme_lists_exists():
    listed = re.findall(r"^doorplate (\w+) ", README, re.MULTILINE)
    assert listed == ["live", "replay", "ports", "who", "explain", "interfaces"]
    for command in listed:
        assert run(command, "--help").returncode == 0


def test_every_document_that_the_readme_links_exists():
    for path in re.findall(r"\]\(([^)]+)\)", README):
        assert (SOURCE / path).exists(), path
