/** Frames as Cornerstone's images: `frame:INSTANCE/FRAME`. */

import { cache, imageLoader, metaData } from "@cornerstonejs/core";

import { LUT_TOP, shownRange, shownValues, windowOf } from "./display.js";
import { loadFrame } from "./frames.js";

const images = new Map(); // instance ID → the manifest's image, with its series' modality
const curves = new Map(); // instance ID → the curve through which it is shown
const progressListeners = new Map(); // image ID of Cornerstone → callback

/** Makes the images of a manifest known. */
export function register(image, modality) {
  images.set(image.id, { ...image, modality });
}

export const imageIdOf = (image, frame) => `frame:${image.id}/${frame}`;

/** The image and the frame, from 1, that an image ID of Cornerstone's names. */
export function partsOf(imageId) {
  const [instance, frame] = imageId.slice("frame:".length).split("/");
  return { image: images.get(instance), frame: Number(frame) };
}

/**
 * The VOI LUT or SIGMOID window through which an image is shown, null for windows alone. Tells whether it is another
 * one than before: the image has to be loaded anew then.
 */
export function chooseCurve(image, curve) {
  if ((curves.get(image.id) ?? null) === curve) return false;
  curves.set(image.id, curve);
  return true;
}

/** Calls `callback(done, total)` while the image's bytes arrive. */
export function watchProgress(imageId, callback) {
  progressListeners.set(imageId, callback);
}

/** Millimetres, or units of equal length, from pixel to pixel: [row, column]. */
export function worldSpacing({ spacing, aspect }) {
  return spacing ?? [aspect, 1];
}

let origin = 0; // of the world, in pixels from the first pixel's centre

/** `onCanvas`: Cornerstone's canvas renderer counts from the first pixel's edge, its WebGL renderer from its centre. */
export function startLoader({ onCanvas }) {
  origin = onCanvas ? -0.5 : 0;
  imageLoader.registerImageLoader("frame", (imageId) => ({ promise: load(imageId) }));
  metaData.addProvider(metadataOf, 1000);
  cache.setMaxCacheSize(1.5 * 1024 ** 3);
}

async function load(imageId) {
  const { image, frame } = partsOf(imageId);
  const curve = curves.get(image.id) ?? null;
  const values = await loadFrame(image, frame, progressListeners.get(imageId));
  progressListeners.delete(imageId);
  return asCornerstoneImage(imageId, image, shownValues(values, image, curve), curve);
}

function asCornerstoneImage(imageId, image, values, curve) {
  const { rows, columns, samples } = image.frameSet;
  const [rowSpacing, columnSpacing] = worldSpacing(image.frameSet);
  const { center, width } = windowOf(shownRange(image, curve ? { lut: curve } : { window: image.frameSet.windows[0] }));
  const [minimum, maximum] = bounds(image, curve);
  const isColour = samples === 3;
  return {
    imageId,
    minPixelValue: minimum,
    maxPixelValue: maximum,
    slope: 1,
    intercept: 0,
    windowCenter: center,
    windowWidth: width,
    voiLUTFunction: "LINEAR",
    getPixelData: () => values,
    rows,
    columns,
    height: rows,
    width: columns,
    color: isColour,
    rgba: false,
    numberOfComponents: samples,
    dataType: values.constructor.name,
    rowPixelSpacing: rowSpacing,
    columnPixelSpacing: columnSpacing,
    sizeInBytes: values.byteLength,
    invert: false,
    photometricInterpretation: isColour ? "RGB" : "MONOCHROME2",
    imageFrame: {},
  };
}

function bounds({ frameSet }, curve) {
  if (curve || frameSet.dtype === "float32") return [0, LUT_TOP];
  if (frameSet.samples === 3) return [0, 255];
  return [Math.floor(frameSet.minimum), Math.ceil(frameSet.maximum)];
}

function metadataOf(type, imageId) {
  if (typeof imageId !== "string" || !imageId.startsWith("frame:")) return undefined;
  const { image } = partsOf(imageId);
  if (!image) return undefined;
  const { rows, columns, samples, dtype } = image.frameSet;
  const [rowPixelSpacing, columnPixelSpacing] = worldSpacing(image.frameSet);
  const isByte = dtype === "uint8";
  if (type === "imagePlaneModule") {
    return {
      frameOfReferenceUID: image.id,
      rows,
      columns,
      rowPixelSpacing,
      columnPixelSpacing,
      rowCosines: [1, 0, 0],
      columnCosines: [0, 1, 0],
      imageOrientationPatient: [1, 0, 0, 0, 1, 0],
      imagePositionPatient: [origin * columnPixelSpacing, origin * rowPixelSpacing, 0],
      usingDefaultValues: !image.frameSet.spacing,
    };
  }
  if (type === "imagePixelModule") {
    return {
      rows,
      columns,
      samplesPerPixel: samples,
      photometricInterpretation: samples === 3 ? "RGB" : "MONOCHROME2",
      bitsAllocated: isByte ? 8 : 16,
      bitsStored: isByte ? 8 : 16,
      highBit: isByte ? 7 : 15,
      pixelRepresentation: dtype === "int16" ? 1 : 0,
    };
  }
  if (type === "generalSeriesModule") return { modality: image.modality };
  if (type === "voiLutModule") return {};
  return undefined;
}
