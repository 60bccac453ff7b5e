import { readFileSync } from 'node:fs'

export const FIXTURES = [
  'h264-aac.mkv',
  'h264-bframes-aac.mkv',
  'hevc-aac.mkv',
  'h264-only.mkv',
  'h264-alaw.mkv',
  'h264-ulaw-stereo.mkv',
  'h264-aac-live.mkv',
] as const

export function readFixture(name: string): Uint8Array {
  return new Uint8Array(readFileSync(`test/fixtures/${name}`))
}
