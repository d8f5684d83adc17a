"""The reader's own tokens, and who they are."""

from typing import Any, cast

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from config.api.views import ApiMixin, Creates, Removes
from projects.models import ApiToken, User
from projects.serializers.reference import MeSerializer, TokenSerializer
from projects.services.tokens import issue_token, revoke_token


class TokenViewSet(Creates[ApiToken], Removes[ApiToken]):
    """One's own tokens; deleting one revokes it."""

    serializer_class = TokenSerializer
    orderings = {"created_at": "created"}
    default_ordering = ("-created_at",)
    lookup_field = "token_key"
    lookup_url_kwarg = "id"
    lookup_value_converter = "str"
    secret_fields = ("token",)

    def get_queryset(self) -> QuerySet[ApiToken]:
        if getattr(self, "swagger_fake_view", False):
            return ApiToken.objects.none()  # type: ignore[no-any-return]
        rows: QuerySet[ApiToken] = ApiToken.objects.all()
        return rows.filter(user=self.request.user)

    def make(self, data: dict[str, Any]) -> ApiToken:
        """Raises PermissionDenied for a scope that the token in use does not have itself."""
        held = self.request.auth
        if isinstance(held, ApiToken) and not set(data["scopes"]) <= set(held.scopes):
            raise PermissionDenied
        token, self.secret = issue_token(self.request.user, **data)  # type: ignore[arg-type]
        return token

    def show(self, instance: ApiToken, *args: Any, **kwargs: Any) -> Response:
        """With the token itself, once."""
        instance.secret = getattr(self, "secret", None)
        return super().show(instance, *args, **kwargs)

    def remove(self, instance: ApiToken) -> None:
        revoke_token(instance)


class MeView(ApiMixin):
    """Who asks, and what they may."""

    @extend_schema(operation_id="me_retrieve", responses=MeSerializer)
    def get(self, request: Request) -> Response:
        """The user, their roles, and the scopes of the token in use."""
        return Response(MeSerializer(cast("User", request.user), context={"request": request}).data)
