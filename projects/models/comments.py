"""What people say to each other about a project: comments, decisions of its review, and who is called to read them."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from projects.models.base import LongTextField
from projects.models.projects import Project


class Comment(models.Model):
    """A remark about a project, or a step of its review with what was said; never changed."""

    class Kind(models.TextChoices):
        """What it goes with."""

        COMMENT = "comment", _("Comment")
        SUBMITTED = "submitted", _("Submitted")
        RETURNED = "returned", _("Returned")
        APPROVED = "approved", _("Approved")

    project = models.ForeignKey(
        Project, models.PROTECT, verbose_name=_("project"), related_name="comments", db_index=False
    )
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        verbose_name=_("author"),
        null=True,
        related_name="+",
        db_index=False,
    )
    at = models.DateTimeField(_("at"))
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices, default=Kind.COMMENT)
    text = LongTextField(
        _("comment"),
        blank=True,
        max_length=2000,
        help_text=_("Write @ and the user name of a colleague, and it appears on their desk."),
    )

    class Meta:
        verbose_name = _("comment")
        verbose_name_plural = _("comments")
        ordering = ["id"]
        indexes = [
            # a project's page
            models.Index(fields=["project", "id"], name="comment_by_project"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.text[:40]}".strip()


class Mention(models.Model):
    """Somebody who is called to read a comment; on their desk until they have."""

    comment = models.ForeignKey(Comment, models.CASCADE, related_name="mentions")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, verbose_name=_("user"), related_name="+", db_index=False
    )
    read_at = models.DateTimeField(_("read at"), null=True)

    class Meta:
        verbose_name = _("mention")
        verbose_name_plural = _("mentions")
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["comment", "user"], name="mention_once")]
        indexes = [
            # the desk
            models.Index(fields=["user", "id"], condition=Q(read_at=None), name="mention_unread"),
        ]

    def __str__(self) -> str:
        return f"{self.user} {self.comment_id}"
