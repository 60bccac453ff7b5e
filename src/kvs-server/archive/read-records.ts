import { createReadStream } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { crc32 } from 'node:zlib'
import { type FragmentEntry, RECORDS_FOLDER, type SessionEntry } from './fragment-records.js'

export interface KnownRecords {
  /** By file id. The last record of a file wins. */
  readonly fragments: ReadonlyMap<number, FragmentEntry>
  readonly sessions: ReadonlyMap<number, SessionEntry>
}

/** All records of the wanted directories, in the order of writing. Damaged or incomplete lines are skipped. */
export async function readRecords(root: string, isWanted: (directory: number) => boolean): Promise<KnownRecords> {
  const fragments = new Map<number, FragmentEntry>()
  const sessions = new Map<number, SessionEntry>()
  for (const { name, directory } of await listRecords(root)) {
    if (!isWanted(directory)) continue
    const lines = createInterface({ input: createReadStream(join(root, RECORDS_FOLDER, name)), crlfDelay: Number.POSITIVE_INFINITY })
    for await (const line of lines) {
      const entry = parseLine(line)
      if (isFragment(entry)) fragments.set(entry.fileId, entry)
      else if (isSession(entry)) sessions.set(entry.id, entry)
    }
  }
  return { fragments, sessions }
}

async function listRecords(root: string): Promise<{ readonly name: string; readonly directory: number; readonly number: number }[]> {
  const names = await readdir(join(root, RECORDS_FOLDER)).catch(() => [])
  return names
    .map((name) => {
      const [directory, number] = name.split('.').map(Number)
      return { name, directory: directory ?? Number.NaN, number: number ?? Number.NaN }
    })
    .filter(({ directory, number }) => Number.isInteger(directory) && Number.isInteger(number))
    .sort((a, b) => a.directory - b.directory || a.number - b.number)
}

/** Null for a damaged line. */
export function parseLine(line: string): unknown {
  const json = line.slice(9)
  if (line[8] !== ' ' || Number.parseInt(line.slice(0, 8), 16) !== crc32(json)) return null
  return JSON.parse(json)
}

// The checksum proves that this program wrote the line, so its kind tells its type.
function isFragment(entry: unknown): entry is FragmentEntry {
  return kindOf(entry) === 'fragment'
}

function isSession(entry: unknown): entry is SessionEntry {
  return kindOf(entry) === 'session'
}

function kindOf(entry: unknown): unknown {
  return typeof entry === 'object' && entry !== null ? Reflect.get(entry, 'kind') : null
}
