"""What a city code means to a reader."""

from django.db import models


class City(models.Model):
    """A place that stays are reported in: a city, or a country where no city is known.

    `code` is whatever the operator's places use; the bundled ones are the six digits of China's
    administrative divisions, ISO 3166-1 for countries, `TH-1609350` (GeoNames) for cities abroad.
    """

    code = models.CharField(primary_key=True, max_length=20)
    name = models.TextField()
    name_zh = models.TextField()
    country = models.CharField(max_length=2, help_text="ISO 3166-1 alpha-2")
    admin1 = models.TextField(blank=True, default="", help_text="province or country, in English")

    class Meta:
        verbose_name_plural = "cities"

    def __str__(self) -> str:
        return f"{self.code} {self.name}"
