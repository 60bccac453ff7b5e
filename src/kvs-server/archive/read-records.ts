import { createReadStream } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { type FragmentEntry, parseLine, RECORDS_FOLDER, type SessionEntry } from './fragment-records.js'

export interface KnownRecords {
  /** By file id. The last record of a file wins. */
  readonly fragments: ReadonlyMap<number, FragmentEntry>
  readonly sessions: ReadonlyMap<number, SessionEntry>
}

/** All records of the wanted directories, in the order of writing. Damaged or incomplete lines are skipped. */
export async function readRecords(root: string, isWanted: (directory: number) => boolean): Promise<KnownRecords> {
  const fragments = new Map<number, FragmentEntry>()
  const sessions = new Map<number, SessionEntry>()
  for (const name of await listRecords(root)) {
    if (!isWanted(Number.parseInt(name, 10))) continue
    const lines = createInterface({ input: createReadStream(join(root, RECORDS_FOLDER, name)), crlfDelay: Number.POSITIVE_INFINITY })
    for await (const line of lines) {
      const entry = parseLine<FragmentEntry | SessionEntry>(line)
      if (entry?.kind === 'fragment') fragments.set(entry.fileId, entry)
      else if (entry?.kind === 'session') sessions.set(entry.id, entry)
    }
  }
  return { fragments, sessions }
}

/** Their names, `<directory>.<n>`, in the order of writing. */
async function listRecords(root: string): Promise<string[]> {
  const names = await readdir(join(root, RECORDS_FOLDER)).catch(() => [])
  return names.filter((name) => /^\d+\.\d+$/.test(name)).sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
}
