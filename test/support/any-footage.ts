import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from '@jest/globals'
import { ELEMENT } from '../../src/media/matroska/element-ids.js'
import { ffmpeg } from './ffmpeg.js'
import { rewriteTracks, type TrackElement } from './mkv-builder.js'
import { findPeer, runProgram } from './peer-programs.js'

const PICTURE = ['-f', 'lavfi', '-i', 'testsrc2=s=192x108:r=25']
const SOUND = ['-f', 'lavfi', '-i', 'sine=f=440:r=48000']
const CLUSTERS = ['-cluster_time_limit', '20000', '-cluster_size_limit', '50M']

/** Writes footage of other programs into the folder. The default is three seconds with a key frame each second. */
export class AnyFootage {
  constructor(readonly folder: string) {}

  /** H.264 by ffmpeg, and sound if `sound` gives its codec. */
  async h264(
    name: string,
    { video = [], sound = null }: { video?: readonly string[]; sound?: readonly string[] | null } = {},
  ): Promise<string> {
    const pictures = ['-c:v', 'libx264', '-preset', 'veryfast', '-g', '25', '-pix_fmt', 'yuv420p', ...video]
    return this.#ffmpeg(name, [...PICTURE, ...(sound === null ? [] : SOUND), '-t', '3', ...pictures, ...(sound ?? [])])
  }

  h265(name: string, video: readonly string[]): Promise<string> {
    const pictures = ['-c:v', 'libx265', '-preset', 'ultrafast', '-x265-params', 'keyint=25:open-gop=0:log-level=none']
    return this.#ffmpeg(name, [...PICTURE, '-t', '3', ...pictures, ...video])
  }

  async mkvmerge(name: string, source: string, args: readonly string[]): Promise<string> {
    const { path } = await findPeer('mkvmerge')
    const file = join(this.folder, name)
    const { code, stdout, stderr } = await runProgram(path, ['-q', '-o', file, ...args, source])
    expect([code, stdout, stderr]).toEqual([0, '', ''])
    return file
  }

  /** The bytes of a file with rewritten elements of each track. */
  async rewritten(source: string, rewrite: (elements: readonly TrackElement[]) => readonly TrackElement[]): Promise<Uint8Array> {
    return rewriteTracks(await readFile(source), rewrite)
  }

  async #ffmpeg(name: string, args: readonly string[]): Promise<string> {
    const file = join(this.folder, name)
    await ffmpeg([...args, ...CLUSTERS, file])
    return file
  }
}

/** Sets an element of the sound track. */
export function ofSound(id: number, data: Uint8Array): (elements: readonly TrackElement[]) => readonly TrackElement[] {
  return (elements) => {
    const isSound = elements.some((element) => element.id === ELEMENT.TrackType && element.data.at(-1) === 2)
    return isSound ? [...elements.filter((element) => element.id !== id), { id, data }] : elements
  }
}
