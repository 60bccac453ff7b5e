import { type BitReader, readParameterSet } from './bit-reader.js'
import { MAX_SIDE, NO_VUI, orNoVui, readCroppedSize, readFrameRate, readPictureVui, type Sps, type SpsVui } from './sps.js'

/** Bits of the profile in a profile_tier_level, without the level. */
const PROFILE_BITS = 88
const LEVEL_BITS = 8

/** A NAL unit of type 33 (Rec. ITU-T H.265, 7.3.2.2.1). @throws MalformedMedia */
export function readH265Sps(nal: Uint8Array): Sps {
  const bits = readParameterSet(nal, 2)
  bits.skip(4)
  const subLayers = bits.u(3)
  bits.skip(1)
  skipProfileTierLevel(bits, subLayers)
  bits.ue(15)
  const format = bits.ue(3)
  const chromaFormat = format === 3 && bits.flag() ? 0 : format
  const [width, height] = [bits.ue(MAX_SIDE), bits.ue(MAX_SIDE)]
  const size = readCroppedSize(bits, { width, height, chromaFormat, rowsPerUnit: 1 })
  return { ...size, ...orNoVui(() => readVui(bits, subLayers)) }
}

function skipProfileTierLevel(bits: BitReader, subLayers: number): void {
  bits.skip(PROFILE_BITS + LEVEL_BITS)
  const present = Array.from({ length: subLayers }, () => [bits.flag(), bits.flag()] as const)
  if (subLayers > 0) bits.skip(2 * (8 - subLayers))
  for (const [hasProfile, hasLevel] of present) bits.skip((hasProfile ? PROFILE_BITS : 0) + (hasLevel ? LEVEL_BITS : 0))
}

/** Skips everything between the conformance window and the VUI, and reads the part of the VUI that describes the picture. */
function readVui(bits: BitReader, subLayers: number): SpsVui {
  bits.ue(8)
  bits.ue(8)
  const orderBits = bits.ue(12) + 4
  const hasEachSubLayer = bits.flag()
  for (let layer = hasEachSubLayer ? 0 : subLayers; layer <= subLayers; layer += 1) skipCodes(bits, 3)
  // Sizes of coding and transform blocks, and depths of their hierarchies.
  skipCodes(bits, 6)
  if (bits.flag() && bits.flag()) skipScalingLists(bits)
  bits.skip(2)
  if (bits.flag()) skipPcm(bits)
  skipShortTermSets(bits)
  if (bits.flag()) bits.skip(bits.ue(32) * (orderBits + 1))
  bits.skip(2)
  if (!bits.flag()) return NO_VUI
  const picture = readPictureVui(bits)
  bits.skip(3)
  // The default display window, which players do not apply.
  if (bits.flag()) skipCodes(bits, 4)
  return { ...picture, frameRate: readFrameRate(bits, 1) }
}

function skipCodes(bits: BitReader, count: number): void {
  for (let left = count; left > 0; left -= 1) bits.ue()
}

/** 7.3.4. */
function skipScalingLists(bits: BitReader): void {
  for (let sizeId = 0; sizeId < 4; sizeId += 1) {
    for (let matrix = 0; matrix < 6; matrix += sizeId === 3 ? 3 : 1) {
      if (!bits.flag()) bits.ue()
      else skipCodes(bits, Math.min(64, 1 << (4 + 2 * sizeId)) + (sizeId > 1 ? 1 : 0))
    }
  }
}

function skipPcm(bits: BitReader): void {
  bits.skip(8)
  skipCodes(bits, 2)
  bits.skip(1)
}

/** 7.3.7. A set that is predicted from the previous set has one row more than that set has pictures. */
function skipShortTermSets(bits: BitReader): void {
  let pictures = 0
  const sets = bits.ue(64)
  for (let set = 0; set < sets; set += 1) {
    pictures = set > 0 && bits.flag() ? skipPredictedSet(bits, pictures) : skipPlainSet(bits)
  }
}

function skipPredictedSet(bits: BitReader, picturesBefore: number): number {
  bits.skip(1)
  bits.ue()
  let pictures = 0
  for (let row = 0; row <= picturesBefore; row += 1) if (bits.flag() || bits.flag()) pictures += 1
  if (pictures > 32) bits.refuse(`a set of ${pictures} reference pictures`)
  return pictures
}

function skipPlainSet(bits: BitReader): number {
  const pictures = bits.ue(16) + bits.ue(16)
  for (let left = pictures; left > 0; left -= 1) {
    bits.ue()
    bits.skip(1)
  }
  return pictures
}
