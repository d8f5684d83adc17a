"""The record's addresses in the API, below /api/v1/."""

from django.urls import include, path
from rest_framework.routers import SimpleRouter

from projects.views.account import MeView, TokenViewSet
from projects.views.attachments import AttachmentViewSet
from projects.views.charges import ChargeViewSet
from projects.views.imports import ImportViewSet
