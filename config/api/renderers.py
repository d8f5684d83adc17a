"""What stands for a file in content negotiation, where its type is known only when it is found."""

from rest_framework.renderers import BaseRenderer


class AnyFileRenderer(BaseRenderer):
    """Any type is accepted; the view answers with the file itself."""

    media_type = "application/octet-stream"
    format = "bin"
    charset = None
