"""Downloads the source distribution of one package, and does nothing else with it.

`pip download` would run the package's own build steps to learn its metadata. This asks the same client, with its own
settings, for the best candidate and stops once the file is there.

    python3 downloadSdist.py NAME [VERSION] --dest FOLDER

Prints one JSON object, {"version", "file"}.
"""

import argparse
import json
import sys

from pip._internal.commands import create_command
from pip._internal.network.download import Downloader
from pip._vendor.packaging.specifiers import SpecifierSet


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name")
    parser.add_argument("version", nargs="?", help="exact version; the newest release without it")
    parser.add_argument("--dest", required=True, help="folder for the archive")
    arguments = parser.parse_args()

    command = create_command("download")
    options, _ = command.parse_args(["--no-deps", "--no-binary", ":all:", arguments.name])
    # The client's context for its temporary folders and its session.
    with command.main_context():
        session = command.get_default_session(options)
        finder = command._build_package_finder(options=options, session=session, ignore_requires_python=True)
        specifier = SpecifierSet(f"=={arguments.version}" if arguments.version else "")
        best = finder.find_best_candidate(arguments.name, specifier).best_candidate
        if best is None:
            print(f"no source distribution of {arguments.name} was found", file=sys.stderr)
            return 1
        path, _ = Downloader(session, "off")(best.link, arguments.dest)
    print(json.dumps({"version": str(best.version), "file": path}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
