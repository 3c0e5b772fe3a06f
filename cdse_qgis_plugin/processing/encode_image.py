"""Encode image: a raster becomes an embedding store."""

from __future__ import annotations

from typing import Any

from qgis.core import (
    Qgis,
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingParameterBand,
    QgsProcessingParameterEnum,
    QgsProcessingParameterNumber,
    QgsProcessingParameterRasterLayer,
    QgsRasterLayer,
)

from .base import BadInput, EngineAlgorithm, advanced, with_help
from .store_made import STORE, add_store_outputs, check_store_folder, store_outputs

IMAGE, BANDS, ENCODER, PATCH, STRIDE, MAX_NODATA, SEED = (
    "IMAGE", "BANDS", "ENCODER", "PATCH", "STRIDE", "MAX_NODATA", "SEED",
)  # fmt: skip
ENCODERS = ("default", "statistics")
_WHOLE, _REAL = Qgis.ProcessingNumberParameterType.Integer, Qgis.ProcessingNumberParameterType.Double


class EncodeImage(EngineAlgorithm):
    """Cuts a raster into patches and encodes each, so that similar places can be found in it."""

    icon_name = "encoder"

    def name(self) -> str:
        """The id within the provider."""
        return "encodeimage"

    def displayName(self) -> str:
        """What the toolbox calls it."""
        return self.tr("Encode image")

    def group(self) -> str:
        """The group in the toolbox."""
        return self.tr("Embeddings")

    def groupId(self) -> str:
        """The id of the group."""
        return "embeddings"

    def tags(self) -> list[str]:
        """Words to find it by."""
        return self.tr("embedding,encoder,features,patches,store,raster,satellite,sentinel,similar,MOSAIKS").split(",")

    def shortDescription(self) -> str:
        """One line for the toolbox's tooltip."""
        return self.tr("Makes an embedding store from any raster, so that similar places can be found in it.")

    def shortHelpString(self) -> str:
        """What, when, inputs, outputs, limits, one example."""
        return self.tr(
            "<p>Cuts a raster into square patches and describes each by a list of numbers (an embedding) in which "
            "places that look alike lie close together. The result is an embedding store: a folder that “Find "
            "similar places” and the dock “Similar places” search in.</p>"
            "<p><b>When:</b> once for every image that you want to search. It works offline and needs no account, "
            "no graphics card and no downloaded model.</p>"
            "<p><b>Inputs:</b> any georeferenced raster that GDAL reads, best with several bands. The patch is what"
            " you will click: choose it a little smaller than the things you look for. The encoder “default” sees "
            "texture and colour and learns its filters from the image itself; “statistics” sees only the mean and "
            "spread of each band and is a plain baseline.</p>"
            "<p><b>Outputs:</b> the store; the number of patches, the length of the embeddings, the patches left "
            "out.</p>"
            "<p><b>Limits:</b> embeddings of two images can be compared only when they were made by the same "
            "encoder run. Patches with more nodata than allowed are left out. A smaller step between patches finds "
            "places more finely and makes the store larger.</p>"
            "<p><b>Example:</b> a Sentinel-2 image at 10 m with patches of 16 pixels and a step of 8 gives a patch "
            "of 160 m every 80 m.</p>"
        )

    def initAlgorithm(self, configuration: dict[str, Any] | None = None) -> None:
        """Declares inputs and outputs."""
        self.addParameter(QgsProcessingParameterRasterLayer(IMAGE, self.tr("Image")))
        bands = QgsProcessingParameterBand(
            BANDS, self.tr("Bands"), parentLayerParameterName=IMAGE, optional=True, allowMultiple=True
        )
        self.addParameter(with_help(bands, self.tr("All bands by default. Leave out masks and class rasters.")))
        encoder = QgsProcessingParameterEnum(
            ENCODER, self.tr("Encoder"), list(ENCODERS), defaultValue=ENCODERS[0], usesStaticStrings=True
        )
        self.addParameter(with_help(encoder, self.tr("“default”: texture and colour. “statistics”: a plain baseline.")))
        patch = QgsProcessingParameterNumber(
            PATCH, self.tr("Side of a patch (pixels)"), _WHOLE, 16, minValue=4, maxValue=4096
        )
        self.addParameter(with_help(patch, self.tr("What one click takes. A little smaller than what you look for.")))
        stride = QgsProcessingParameterNumber(
            STRIDE, self.tr("Step between patches (pixels)"), _WHOLE, optional=True, minValue=1, maxValue=4096
        )
        self.addParameter(with_help(stride, self.tr("Half a patch by default, so that patches overlap.")))
        max_nodata = QgsProcessingParameterNumber(
            MAX_NODATA, self.tr("Largest share of nodata in a patch"), _REAL, 0.25, minValue=0, maxValue=0.99
        )
        self.addParameter(advanced(with_help(max_nodata, self.tr("Patches with more of it are left out."))))
        seed = QgsProcessingParameterNumber(SEED, self.tr("Seed"), _WHOLE, 0, minValue=0)
        self.addParameter(advanced(with_help(seed, self.tr("The same seed gives the same store from the same image."))))
        add_store_outputs(self)

    def check(self, parameters: dict[str, Any], context: QgsProcessingContext) -> None:
        """Raises BadInput for an image that cannot be encoded or a folder that cannot be used."""
        self._image(parameters, context)
        check_store_folder(parameters)

    def work(
        self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        """Has the image encoded."""
        arguments = {
            "image": self._image(parameters, context),
            "store": self.parameterAsString(parameters, STORE, context),
            "encoder": self.parameterAsEnumString(parameters, ENCODER, context),
            "patch": self.parameterAsInt(parameters, PATCH, context),
            "stride": self.parameterAsInt(parameters, STRIDE, context) if _given(parameters, STRIDE) else None,
            "bands": self.parameterAsInts(parameters, BANDS, context) or None,
            "max_nodata": self.parameterAsDouble(parameters, MAX_NODATA, context),
            "seed": self.parameterAsInt(parameters, SEED, context),
        }
        return store_outputs(self.ask("embeddings.encode_image", arguments, feedback), feedback)

    def _image(self, parameters: dict[str, Any], context: QgsProcessingContext) -> str:
        """What GDAL opens for the image."""
        layer = self.parameterAsRasterLayer(parameters, IMAGE, context)
        if layer is None or not layer.isValid():
            raise BadInput(
                self.tr("The image cannot be opened: {value}. Choose a raster that QGIS shows.").format(
                    value=parameters.get(IMAGE)
                )
            )
        if layer.providerType() != "gdal":
            raise BadInput(
                self.tr(
                    "“{name}” comes from a map service ({kind}), which has no pixels to encode. Save it as a GeoTIFF "
                    "first (right-click the layer, Export), then encode that file."
                ).format(name=layer.name(), kind=layer.providerType())
            )
        if not layer.crs().isValid():
            raise BadInput(
                self.tr(
                    "“{name}” has no coordinate reference system, so we cannot tell where on Earth it lies. "
                    "Give it one with “Assign projection” in the toolbox, then encode it."
                ).format(name=layer.name())
            )
        return _gdal_name(layer)


def _gdal_name(layer: QgsRasterLayer) -> str:
    # QGIS hangs its own options behind the name; GDAL would take them for a part of the path.
    return layer.source().split("|")[0]


def _given(parameters: dict[str, Any], name: str) -> bool:
    return parameters.get(name) not in (None, "")
