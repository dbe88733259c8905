"""What a user installs is whole."""

import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_wheel_holds_profiles_texts_and_templates(tmp_path: Path) -> None:
    """Shipped profiles, failure texts, the PAC library and the page's templates travel with the code."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=60)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())

    shipped = {f"readycheck/data/profiles/{path.name}" for path in (ROOT / "profiles").glob("*.yaml")}
    assert shipped
    assert shipped <= names
    package = ROOT / "readycheck"
    files = {path for path in package.rglob("*") if path.is_file() and "__pycache__" not in path.parts}
    assert {f"readycheck/{path.relative_to(package).as_posix()}" for path in files} <= names
