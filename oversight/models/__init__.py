from oversight.models.export import Export, ExportPart
from oversight.models.hold import Hold
from oversight.models.resolution import Resolution
from oversight.models.review import Finding, Sample

__all__ = ["Export", "ExportPart", "Finding", "Hold", "Resolution", "Sample"]
