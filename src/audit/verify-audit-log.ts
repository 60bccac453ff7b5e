import { createReadStream } from 'node:fs'
import { type ChainEnd, EMPTY_CHAIN, hashOf, MAX_LINE_BYTES, parseLine } from './audit-chain.js'

export type AuditVerdict =
  | {
      readonly intact: true
      readonly lines: number
      readonly end: ChainEnd
      /** The hash that the first line holds. All zeros if the log begins with it. */
      readonly continues: string
    }
  | {
      readonly intact: false
      /** Where the chain breaks: the file, and the number of the line in it. */
      readonly path: string
      readonly line: number
      readonly problem: string
    }

/** Reads the files of one log, oldest first, and checks that each line holds the hash of the line before it. */
export async function verifyAuditLog(paths: readonly string[]): Promise<AuditVerdict> {
  let end: ChainEnd | null = null
  let continues = EMPTY_CHAIN.hash
  let lines = 0
  for (const path of paths) {
    let number = 0
    for await (const line of readLines(path)) {
      number += 1
      const problem = findProblem(line, end)
      if (problem !== null) return { intact: false, path, line: number, problem }
      const { sequence, previous } = parseLine(line.toString('utf8')) ?? { sequence: 0, previous: '' }
      if (end === null) continues = previous
      end = { sequence, hash: hashOf(line) }
      lines += 1
    }
  }
  return { intact: true, lines, end: end ?? EMPTY_CHAIN, continues }
}

function findProblem(line: Buffer, end: ChainEnd | null): string | null {
  const parsed = parseLine(line.toString('utf8'))
  if (parsed === null) return 'It is not a line of an audit log.'
  if (end === null) return null
  if (parsed.previous !== end.hash) return 'It does not hold the hash of the line before it: a line here was changed, removed or inserted.'
  return parsed.sequence === end.sequence + 1 ? null : `It has number ${parsed.sequence}, but ${end.sequence + 1} follows ${end.sequence}.`
}

/** The lines without their line feeds. A line that is too long ends at the limit, and is then no line of an audit log. */
async function* readLines(path: string): AsyncGenerator<Buffer> {
  let rest: Buffer = Buffer.alloc(0)
  for await (const chunk of createReadStream(path)) {
    let bytes = Buffer.concat([rest, chunk])
    for (let feed = bytes.indexOf(0x0a); feed >= 0; feed = bytes.indexOf(0x0a)) {
      yield bytes.subarray(0, feed)
      bytes = bytes.subarray(feed + 1)
    }
    rest = bytes
    if (rest.byteLength <= MAX_LINE_BYTES) continue
    yield rest
    return
  }
  if (rest.byteLength > 0) yield rest
}
