import { constants } from 'node:fs'
import { type FileHandle, open, stat } from 'node:fs/promises'
import { codeOf } from '../lib/thrown.js'
import { type ChainEnd, EMPTY_CHAIN, hashOf, MAX_LINE_BYTES, parseLine } from './audit-chain.js'

const LINE_FEED = 0x0a

/** Where the lines of an audit log go. */
export interface AuditSink {
  /** The chain that the sink already holds. */
  readonly end: ChainEnd
  /** Appends whole lines, each with its line feed. After a rejection nothing of the text is kept. */
  append(text: string): Promise<void>
  /** Makes the appended lines survive a power failure. */
  sync(): Promise<void>
  close(): Promise<void>
}

/** Standard output. Its chain begins anew with each process. */
export const STANDARD_OUTPUT: AuditSink = {
  end: EMPTY_CHAIN,
  append: (text) =>
    new Promise((resolve, reject) => {
      process.stdout.write(text, (error) => (error ? reject(error) : resolve()))
    }),
  sync: async () => {},
  close: async () => {},
}

/** A file that grows. If another program renames it (logrotate), the next lines go to a new file under its name, and the chain goes on. */
export class AuditFile implements AuditSink {
  readonly end: ChainEnd
  readonly #path: string
  #file: FileHandle
  #sizeBytes: number

  private constructor(path: string, file: FileHandle, { end, sizeBytes }: FileEnd) {
    this.#path = path
    this.#file = file
    this.end = end
    this.#sizeBytes = sizeBytes
  }

  /**
   * Creates the file if it is missing. Removes an incomplete last line, which a power failure leaves; `onCut` gets its text.
   * @throws NotAnAuditLog if the last line is not one of an audit log
   */
  static async open(path: string, onCut: (text: string) => void): Promise<AuditFile> {
    const file = await openToAppend(path)
    try {
      const found = await readEnd(path, file)
      if (found.incomplete !== '') {
        await file.truncate(found.sizeBytes)
        onCut(found.incomplete)
      }
      return new AuditFile(path, file, found)
    } catch (error) {
      await file.close()
      throw error
    }
  }

  async append(text: string): Promise<void> {
    await this.#followRotation()
    const bytes = Buffer.from(text, 'utf8')
    try {
      await this.#file.appendFile(bytes)
      this.#sizeBytes += bytes.byteLength
    } catch (error) {
      // A full disk may have taken the first bytes.
      await this.#file.truncate(this.#sizeBytes).catch(() => null)
      throw error
    }
  }

  async sync(): Promise<void> {
    await this.#file.datasync()
  }

  async close(): Promise<void> {
    await this.#file.close()
  }

  async #followRotation(): Promise<void> {
    const [named, held] = await Promise.all([stat(this.#path).catch(nullIfMissing), this.#file.stat()])
    // logrotate's copytruncate leaves the same file, but shorter.
    this.#sizeBytes = held.size
    if (named !== null && named.ino === held.ino && named.dev === held.dev) return
    const next = await openToAppend(this.#path)
    await this.#file.close()
    this.#file = next
    this.#sizeBytes = (await next.stat()).size
  }
}

/** The message is one sentence: what is wrong with the file, and what to do. */
export class NotAnAuditLog extends Error {
  override readonly name = 'NotAnAuditLog'
}

interface FileEnd {
  readonly end: ChainEnd
  /** Up to the last line feed. */
  readonly sizeBytes: number
  readonly incomplete: string
}

function openToAppend(path: string): Promise<FileHandle> {
  return open(path, constants.O_RDWR | constants.O_APPEND | constants.O_CREAT, 0o600)
}

async function readEnd(path: string, file: FileHandle): Promise<FileEnd> {
  const { size } = await file.stat()
  // Room for a whole line, an incomplete one behind it, and the line feed before it.
  const start = Math.max(0, size - 2 * MAX_LINE_BYTES - 1)
  const tail = Buffer.alloc(size - start)
  await file.read(tail, 0, tail.byteLength, start)
  const lastFeed = tail.lastIndexOf(LINE_FEED)
  const incomplete = tail.subarray(lastFeed + 1).toString('utf8')
  if (lastFeed < 0 && start === 0) return { end: EMPTY_CHAIN, sizeBytes: 0, incomplete }
  const line = tail.subarray(tail.lastIndexOf(LINE_FEED, lastFeed - 1) + 1, lastFeed)
  const parsed = lastFeed < 0 ? null : parseLine(line.toString('utf8'))
  if (parsed === null) throw new NotAnAuditLog(`The file ${path} does not end with a line of an audit log. Set AUDIT_LOG to another file.`)
  return { end: { sequence: parsed.sequence, hash: hashOf(line) }, sizeBytes: start + lastFeed + 1, incomplete }
}

function nullIfMissing(error: unknown): null {
  if (codeOf(error) === 'ENOENT') return null
  throw error
}
