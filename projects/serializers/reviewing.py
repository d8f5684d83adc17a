"""What is said with a decision about a project's review."""

from config.api.serializers import StrictSerializer
from projects.serializers.fields import StrictLongTextField

LONGEST = 2000


class DecisionSerializer(StrictSerializer):
    """A comment, where there is something to say."""

    comment = StrictLongTextField(required=False, allow_blank=True, max_length=LONGEST)


class ReturnSerializer(StrictSerializer):
    """A comment that says what is to be corrected."""

    comment = StrictLongTextField(max_length=LONGEST)
