"""The local cloud of a project's folder: AWS as far as a Fargate platform needs it, on a loopback address.

One child process a folder, found again through `.fargate-stacks/local.json`. It needs no account, reads no
`AWS_` variable, and holds nothing after a stop. POSIX only: Linux, macOS, WSL.
"""

from fargate_stacks.deploy.local.process import Running, pace, play, reset, start, status, stop

__all__ = ["Running", "pace", "play", "reset", "start", "status", "stop"]
