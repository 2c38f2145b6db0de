"""Which attributes may be in a de-identified image at all; whatever is not named here is removed.

Two ways in: by keyword, and, for the groups that describe how an image was made and is shown, by being a
number or a code. Free text comes in by keyword alone. Being allowed is not being kept: attributes that
PS3.15 Table E.1-1 lists are changed besides (`profile`).
"""

from functools import cache
from typing import Final

from pydicom.datadict import dictionary_has_tag, dictionary_VR, keyword_for_tag
from pydicom.tag import BaseTag

TECHNICAL_GROUPS: Final = frozenset({0x0018, 0x0020, 0x0022, 0x0028, 0x0048, 0x0054, 0x0062, 0x2050, 0x3004, 0x5200})
NUMBERS_AND_CODES: Final = frozenset(
    {"AT", "CS", "DS", "FD", "FL", "IS", "OD", "OF", "OL", "OV", "SL", "SQ", "SS", "SV", "UL", "US", "UV"}
)

_IDENTITY: Final = """
    SOPClassUID SOPInstanceUID StudyInstanceUID SeriesInstanceUID FrameOfReferenceUID
    SynchronizationFrameOfReferenceUID ConcatenationUID SOPInstanceUIDOfConcatenationSource DimensionOrganizationUID
    PaletteColorLookupTableUID LargePaletteColorLookupTableUID IrradiationEventUID TrackingUID
    PatientName PatientID PatientBirthDate PatientSex PatientAge PatientSize PatientWeight
    AccessionNumber ReferringPhysicianName StudyID
"""
_DATES: Final = """
    StudyDate StudyTime SeriesDate SeriesTime AcquisitionDate AcquisitionTime AcquisitionDateTime ContentDate
    ContentTime InstanceCreationDate InstanceCreationTime FrameAcquisitionDateTime FrameReferenceDateTime
    DecayCorrectionDateTime StartAcquisitionDateTime EndAcquisitionDateTime CalibrationDateTime
"""
_IMAGE: Final = """
    SpecificCharacterSet ImageType Modality ConversionType PresentationIntentType Manufacturer ManufacturerModelName
    SoftwareVersions RecommendedDisplayFrameRate CineRate StartTrim StopTrim StageNumber NumberOfStages ViewNumber
    NumberOfViewsInStage NumberOfEventTimers EventElapsedTimes FrameType PixelPresentation VolumetricProperties
    VolumeBasedCalculationTechnique ComplexImageComponent AcquisitionContrast LossyImageCompressionMethod
    ConvolutionKernel FilterType TransducerData ProcessingFunction SequenceName PulseSequenceName
    DigitalImageFormatAcquired ReceiveCoilName TransmitCoilName
    ContrastBolusAgent ContrastBolusRoute RescaleType LUTExplanation ModalityLUTType WindowCenterWidthExplanation
    OpticalPathIdentifier DimensionDescriptionLabel StackID SegmentLabel LUTLabel DeviceSerialNumber DetectorID
    ContainerIdentifier ContentLabel ContentDescription ContentCreatorName AcquisitionContextSequence
    PatientOrientation PositionReferenceIndicator SegmentAlgorithmName
    XRaySourceID XRayDetectorID ContributingSourcesSequence BreastImplantPresent
"""
_REFERENCES: Final = """
    ReferencedImageSequence SourceImageSequence ReferencedInstanceSequence ReferencedSeriesSequence
    ReferencedSOPClassUID ReferencedSOPInstanceUID ReferencedFrameNumber DerivationImageSequence
    SpatialLocationsPreserved ReferencedSegmentNumber ReferencedRTPlanSequence ReferencedFractionGroupSequence
    ReferencedFractionGroupNumber ReferencedBeamSequence ReferencedBeamNumber ParametricMapFrameTypeSequence
"""
_CODES: Final = """
    CodeValue LongCodeValue CodingSchemeDesignator CodingSchemeVersion CodeMeaning ContextIdentifier MappingResource
    AnatomicRegionSequence AnatomicRegionModifierSequence PrimaryAnatomicStructureSequence
    PrimaryAnatomicStructureModifierSequence DerivationCodeSequence PurposeOfReferenceCodeSequence
    AlgorithmFamilyCodeSequence
    ConceptNameCodeSequence ConceptCodeSequence MeasurementUnitsCodeSequence QuantityDefinitionSequence
    RealWorldValueMappingSequence RealWorldValueFirstValueMapped RealWorldValueLastValueMapped
    DoubleFloatRealWorldValueFirstValueMapped DoubleFloatRealWorldValueLastValueMapped RealWorldValueIntercept
    RealWorldValueSlope
"""
_TABLES: Final = """
    LUTData RedPaletteColorLookupTableData GreenPaletteColorLookupTableData BluePaletteColorLookupTableData
    AlphaPaletteColorLookupTableData SegmentedRedPaletteColorLookupTableData
    SegmentedGreenPaletteColorLookupTableData SegmentedBluePaletteColorLookupTableData
    SegmentedAlphaPaletteColorLookupTableData ICCProfile SmallestImagePixelValue LargestImagePixelValue
    SmallestPixelValueInSeries LargestPixelValueInSeries PixelPaddingValue PixelPaddingRangeLimit
"""
_PIXELS: Final = "PixelData FloatPixelData DoubleFloatPixelData ExtendedOffsetTable ExtendedOffsetTableLengths"

CODE_ATTRIBUTES: Final = frozenset({"CodeValue", "LongCodeValue", "CodingSchemeDesignator", "CodeMeaning"})
PIXELS: Final = frozenset(_PIXELS.split())
NAMED: Final = frozenset(f"{_IDENTITY} {_DATES} {_IMAGE} {_REFERENCES} {_CODES} {_TABLES} {_PIXELS}".split())


@cache
def vr_of(tag: BaseTag) -> tuple[str, ...]:
    """The VRs that the standard gives the attribute: one, or two ("US or SS"), or none where it is unknown."""
    return tuple(dictionary_VR(tag).split(" or ")) if dictionary_has_tag(tag) else ()


@cache
def is_allowed(tag: BaseTag, *, nested: bool) -> bool:
    """Whether the attribute may stay. Pixels may at the top level alone: nested ones are icons and the like."""
    if tag.is_private or not dictionary_has_tag(tag):
        return False
    keyword = keyword_for_tag(tag)
    if keyword in PIXELS:
        return not nested
    return keyword in NAMED or (tag.group in TECHNICAL_GROUPS and set(vr_of(tag)) <= NUMBERS_AND_CODES)
