"""The front door. Imports nothing heavy: spawned children import this module again."""

from __future__ import annotations

import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parent


def main() -> None:
    """Read the command and start what it names."""
    if sys.argv[1:2] == ["run"]:  # before anything is loaded: it may begin anew
        from drivers.private_memory import begin_without_caches

        begin_without_caches()

    import click

    from central.case_command import correct, correct_answer, settle
    from central.desk_command import CentreAt, import_file
    from central.notice_command import told
    from central.paper_command import paper
    from central.person_command import find_person
    from central.publish_command import COMMANDS as PUBLISHING
    from central.terminal_command import revoke
    from kiosk import repair_command, set_aside_command
    from kiosk.bench.command import demo
    from kiosk.cli import cli, config_option, queue
    from kiosk.doctor.command import doctor
    from kiosk.documents.command import document
    from kiosk.face_command import face
    from kiosk.printer_command import printer
    from kiosk.recording_command import recording
    from kiosk.selftest.command import selftest
    from kiosk.staff.command import staff
    from kiosk.travel_document_command import travel_document

    for command in (demo, doctor, document, face, printer, recording, selftest, staff, travel_document):
        cli.add_command(command)
    for command in (*repair_command.COMMANDS, *set_aside_command.COMMANDS):
        queue.add_command(command)

    @cli.group(invoke_without_command=True)
    @click.option("--database", default="sqlite:///.demo/centre.sqlite", show_default=True)
    @click.option("--trust", type=click.Path(path_type=Path), default=PROJECT / ".setup" / "trust")
    @click.option("--host", default="127.0.0.1", show_default=True)
    @click.option("--port", default=8443, show_default=True, help="0 lets the system choose.")
    @click.option("--production", is_flag=True, help="Refuse demo keys.")
    @click.option(
        "--heartbeat",
        "heartbeat_s",
        type=click.FloatRange(5, 3600),
        default=300,
        show_default=True,
        help="Seconds between two heartbeats that terminals are asked to keep.",
    )
    @click.option(
        "--catalogue",
        type=click.Path(exists=True, file_okay=False, path_type=Path),
        help="Folder with every published definition, to judge answers again when they arrive.",
    )
    @click.option(
        "--simulated-departments", is_flag=True, help="Invented departments answer; never in production."
    )
    @click.option(
        "--daily-quota",
        "daily_quotas",
        type=(str, click.IntRange(min=0)),
        multiple=True,
        metavar="SERVICE COUNT",
        help="At most so many questions a day to this service's department; may be repeated.",
    )
    @click.option(
        "--register",
        "registers",
        type=(str, str),
        multiple=True,
        metavar="NAME URL",
        help="A register that is asked when a case arrives, by the name in offline.recheck_at_sync "
        "(such as card_status); may be repeated. In production https only.",
    )
    @click.option(
        "--department",
        "departments",
        type=(str, str),
        multiple=True,
        metavar="SERVICE URL",
        help="The department that answers for this service while a resident waits, and knows the person's registered "
        "number when a notice is due; may be repeated. In production https only.",
    )
    @click.option(
        "--register-ca",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        help="PEM file of the certificates that vouch for registers, departments and the gateway; else the system's.",
    )
    @click.option(
        "--sms-gateway",
        default="",
        metavar="URL",
        help="The gateway through which codes go to residents' phones. In production https only.",
    )
    @click.option(
        "--recheck-again",
        "recheck_again_s",
        type=click.FloatRange(1, 3600),
        default=60,
        show_default=True,
        help="Seconds until a register that did not answer is asked again; doubles, up to an hour.",
    )
    @click.option(
        "--find-person-page",
        is_flag=True,
        help="Counter staff look for a person's cases at /ops/person. The pages have no sign-in of their own: "
        "only behind one. Without it there is the command find-person.",
    )
    @click.option("--json", "as_json", is_flag=True, help="One JSON line when ready.")
    @click.option("--openapi", is_flag=True, help="Print what terminals call (OpenAPI 3.1) and end.")
    @click.pass_context
    def central(
        context: click.Context,
        database: str,
        trust: Path,
        host: str,
        port: int,
        production: bool,
        heartbeat_s: float,
        catalogue: Path | None,
        simulated_departments: bool,
        daily_quotas: tuple[tuple[str, int], ...],
        registers: tuple[tuple[str, str], ...],
        departments: tuple[tuple[str, str], ...],
        register_ca: Path | None,
        sms_gateway: str,
        recheck_again_s: float,
        find_person_page: bool,
        as_json: bool,
        openapi: bool,
    ) -> None:
        """Serve the central platform: sync, heartbeats, operations pages. Or do one thing at its database."""
        if context.invoked_subcommand is not None:
            context.obj = CentreAt(database, trust, production, catalogue)
            return
        if openapi:
            import json

            from central.openapi import document

            click.echo(json.dumps(document(), indent=1, ensure_ascii=False))
            return
        from central.command import serve_command

        sys.exit(
            serve_command(
                database,
                trust,
                host=host,
                port=port,
                as_json=as_json,
                production=production,
                heartbeat_s=heartbeat_s,
                catalogue=catalogue,
                simulated=simulated_departments,
                daily_quotas=dict(daily_quotas),
                registers=dict(registers),
                register_ca=register_ca,
                sms_gateway=sms_gateway,
                recheck_again_s=recheck_again_s,
                find_person=find_person_page,
                services=departments,
            )
        )

    for command in (
        correct,
        correct_answer,
        find_person,
        import_file,
        paper,
        revoke,
        settle,
        told,
        *PUBLISHING,
    ):
        central.add_command(command)

    @cli.command()
    @config_option
    @click.option(
        "--announce-fd", type=int, hidden=True, help="Demo only: says where things are on the screen."
    )
    def run(config: Path, announce_fd: int | None) -> None:
        """Serve residents: the window, with the devices that kiosk.ini names. Ends at SIGTERM or Ctrl-C."""
        from screens.command import run_command

        sys.exit(run_command(config, announce_fd))

    cli(prog_name="python main.py")


if __name__ == "__main__":
    main()
