"""Why an object could not be applied, in one sentence: whose it is, and the cluster's reason."""

from __future__ import annotations

import re

__all__ = ["is_failure", "lost_cluster", "plain", "sentence"]

_UNREACHABLE = re.compile(
    r"(?:configured Kubernetes cluster is unreachable|failed to initialize discovery client): (.+)"
)
# Said of each object, after a warning with the reason.
_UNREACHABLE_AGAIN = re.compile(r"unreachable( cluster)?\. If the cluster was deleted")
_ENDED = re.compile(r"Detected that \S*/([^/\s]+) exited prematurely.*?plugin:(.{0,200})")
# A program's own error: its frames in the repository, and what was raised.
_FRAME = re.compile(r'File "[^"]*/((?:stacks|components)/[^"]+|__main__\.py)", line (\d+)')
_RAISED = re.compile(r"^[A-Za-z_][\w.]*: .+$", re.MULTILINE)
_CRASH = "Program failed with an unhandled exception"
# What the provider and Helm say around the reason, from the outside in.
_WRAPPING = (
    r"\d+ errors? occurred: \* ",
    r'resource "urn:[^"]+" was not successfully (?:created|updated) by the Kubernetes API server: ',
    r"update of resource .+? failed because the Kubernetes API server reported [^:]+: ",
    r'Helm release "[^"]+" (?:was created, but )?failed to initialize completely\. ',
    r"Use Helm CLI to investigate: ",
    r"error running update: ",
    r"failed to become available within allocated timeout\. Error: ",
    r"unable to load schema information from the API server: ",
    r"unable to load Kubernetes client configuration from kubeconfig file\. .*?-configuration/ ",
    r'Get "[^"]+": ',
)
_SAID_BETTER = {
    "the server has asked for the client to provide credentials": (
        "it does not accept the credentials"
    ),
    ", and has been rolled back due to atomic being set": " and was rolled back",
    ", and has been uninstalled due to atomic being set": " and was removed",
    "error reading from server: EOF": "its provider has ended",
    "context deadline exceeded": "not everything was ready in time",
    "cannot re-use a name that is still in use": (
        "a release of that name is there already: `sluice adopt STACK COMPONENT` takes it over, or "
        "says why it cannot"
    ),
    "another operation (install/upgrade/rollback) is in progress": (
        "another Helm is changing the release; run this again when it has ended, or, where it "
        "was killed, after twice the release's timeout"
    ),
}


def is_failure(severity: str, message: str) -> bool:
    """Whether a diagnostic tells why an update fails."""
    return severity == "error" or bool(severity == "warning" and _UNREACHABLE.search(message))


def sentence(urn: str, message: str, context: str) -> str:
    """Return what failed and why; empty where it says nothing."""
    reason = plain(message)
    if _CRASH in reason:
        return _crashed(_unmarked(message)) or reason
    ended = _ENDED.search(reason)
    if ended:
        said = ended[2].strip() or "it was killed, often for want of memory, or it crashed"
        return f"{ended[1]} has ended: {said}"
    unreachable = _UNREACHABLE.search(reason)
    if unreachable:
        second = _second(urn)
        where = f"cluster {second}" if second else f"context {context}"
        return f"{where}: the cluster cannot be used: {_unwrapped(unreachable[1])}"
    if reason in ("", "update failed", "preview failed") or _UNREACHABLE_AGAIN.search(reason):
        return ""
    subject = _subject(urn)
    return f"{subject}: {_unwrapped(reason)}" if subject else reason


def _second(urn: str) -> str:
    """Return the second cluster that a resource is on, or whose provider it is; else nothing."""
    name = urn.rpartition("::")[2]
    second = name.partition(":")[0].partition("@")[2]
    # The stack's own provider has no parent, and a tenant's is of the stack's own cluster.
    is_other = "$pulumi:providers:" in urn and not name.startswith("tenant:")
    return name if not second and is_other else second


def lost_cluster(urn: str, message: str) -> str:
    """Return the second cluster that a diagnostic says cannot be reached, by name; else nothing."""
    return _second(urn) if _UNREACHABLE.search(plain(message)) else ""


def plain(message: str) -> str:
    """Return a message on one line, without the engine's markup and the terminal's colours."""
    return " ".join(_unmarked(message).split())


def _unmarked(message: str) -> str:
    return re.sub(r"<\{%[^%]*%\}>|\x1b\[[0-9;]*m", "", message)


def _crashed(message: str) -> str:
    """Return a program's own error with the last of its lines that was run, wherever it lies."""
    frames, raised = _FRAME.findall(message), _RAISED.findall(message)
    if not frames or not raised:
        return ""
    file, line = frames[-1]
    return f"{file}:{line}: {raised[-1]}"


def _unwrapped(reason: str) -> str:
    for wrapping in _WRAPPING:
        reason = re.sub(wrapping, "", reason)
    for words, better in _SAID_BETTER.items():
        reason = reason.replace(words, better)
    return reason


def _subject(urn: str) -> str:
    """Return `component`, or `component: Kind namespace/name` for one of its objects."""
    name = urn.rpartition("::")[2]
    if "pulumi:pulumi:Stack::" in urn:
        return ""
    component, _, path = name.partition(":")
    kind = urn.split("::")[2].rpartition(":")[2] if path else ""
    return f"{component}: {kind} {path}" if path else component
