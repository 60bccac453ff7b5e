import { type BitReader, readParameterSet } from './bit-reader.js'
import { NO_VUI, orNoVui, readCroppedSize, readFrameRate, readPictureVui, type Sps } from './sps.js'

/** Profiles whose SPS contains the chroma format (Rec. ITU-T H.264, 7.3.2.1.1). */
const WITH_CHROMA_FORMAT: ReadonlySet<number> = new Set([100, 110, 122, 244, 44, 83, 86, 118, 128, 134, 135, 138, 139])
const MAX_MACROBLOCKS = 4096

/** A NAL unit of type 7. @throws MalformedMedia */
export function readH264Sps(nal: Uint8Array): Sps {
  const bits = readParameterSet(nal, 1)
  const profile = bits.u(8)
  bits.skip(16)
  bits.ue(31)
  const chromaFormat = WITH_CHROMA_FORMAT.has(profile) ? readChromaFormat(bits) : 1
  skipFrameNumbering(bits)
  const columns = bits.ue(MAX_MACROBLOCKS) + 1
  const rows = bits.ue(MAX_MACROBLOCKS) + 1
  const isFramesOnly = bits.flag()
  // mb_adaptive_frame_field_flag, then direct_8x8_inference_flag.
  bits.skip(isFramesOnly ? 1 : 2)
  const rowsPerUnit = isFramesOnly ? 1 : 2
  const size = readCroppedSize(bits, { width: 16 * columns, height: 16 * rows * rowsPerUnit, chromaFormat, rowsPerUnit })
  const vui = orNoVui(() => (bits.flag() ? { ...readPictureVui(bits), frameRate: readFrameRate(bits, 2) } : NO_VUI))
  return { ...size, ...vui }
}

/** ChromaArrayType: separate color planes are cropped like monochrome. */
function readChromaFormat(bits: BitReader): number {
  const format = bits.ue(3)
  const isSeparate = format === 3 && bits.flag()
  // Bit depths, then qpprime_y_zero_transform_bypass_flag.
  bits.ue(6)
  bits.ue(6)
  bits.skip(1)
  if (bits.flag()) skipScalingLists(bits, format === 3 ? 12 : 8)
  return isSeparate ? 0 : format
}

function skipScalingLists(bits: BitReader, count: number): void {
  for (let list = 0; list < count; list += 1) if (bits.flag()) skipScalingList(bits, list < 6 ? 16 : 64)
}

/** 7.3.2.1.1.1: a scale of 0 ends the list. */
function skipScalingList(bits: BitReader, size: number): void {
  let scale = 8
  for (let index = 0; index < size && scale !== 0; index += 1) scale = (scale + bits.se() + 256) % 256
}

/** From log2_max_frame_num_minus4 to gaps_in_frame_num_value_allowed_flag. */
function skipFrameNumbering(bits: BitReader): void {
  bits.ue(12)
  const orderType = bits.ue(2)
  if (orderType === 0) bits.ue(12)
  if (orderType === 1) {
    bits.skip(1)
    bits.se()
    bits.se()
    for (let left = bits.ue(255); left > 0; left -= 1) bits.se()
  }
  bits.ue(16)
  bits.skip(1)
}
