// An HTTP client that costs as little as can be, so that both sides of a ratio are servers: bytes go into one buffer and are counted.
import { once } from 'node:events'
import { connect } from 'node:net'

const scratch = Buffer.allocUnsafeSlow(1_048_576)
const HEAD_END = '\r\n\r\n'
/** Enough to read the sizes of `ftyp` and `moov` from. */
const KEPT_BYTES = 4096

/**
 * Fetches a URL and drops the bytes. Times are milliseconds from the call; `headMs` is when the MP4's tables had come (moov first), null
 * for what is no such MP4.
 *
 * @returns {Promise<{ status: number, bytes: number, ms: number, firstByteMs: number, headMs: number | null }>}
 */
export function download(url, request = {}) {
  return new Connection(url).download(url, request)
}

/** A connection that is open already, as a page's is: for a question or several, and one download behind them. */
export async function openConnection(url) {
  const connection = new Connection(url)
  await connection.opened
  return connection
}

class Connection {
  #socket
  #reading = null

  constructor(url) {
    const onread = { buffer: scratch, callback: (count, buffer) => this.#take(buffer.subarray(0, count)) }
    this.#socket = open(url, { onread })
  }

  get opened() {
    return once(this.#socket, 'connect')
  }

  async download(url, request = {}) {
    try {
      return await this.#read(new Reading(request.status ?? (request.headers?.range === undefined ? 200 : 206)), url, request)
    } finally {
      this.#socket.destroy()
    }
  }

  /** The body of the answer, which is short. */
  async ask(url, request) {
    const reading = new Reading(200, true)
    await this.#read(reading, url, request)
    return reading.text
  }

  #read(reading, url, request) {
    return new Promise((resolve, reject) => {
      const breakOff = () => reject(new Error(`${url} broke off: ${reading.head || 'no answer'}`))
      this.#reading = reading
      reading.onOver = () => {
        this.#socket.off('error', reject).off('close', breakOff)
        resolve(reading.result)
      }
      this.#socket.once('error', reject).once('close', breakOff)
      send(this.#socket, url, request)
    })
  }

  #take(bytes) {
    try {
      this.#reading.take(bytes)
    } catch (error) {
      this.#socket.destroy(error)
      return false
    }
    if (this.#reading.isOver) this.#reading.onOver()
    return !this.#socket.destroyed
  }
}

/** A reader that asks and then takes nothing. Answers with what ends it. */
export function stall(url, request = {}) {
  const socket = open(url)
  send(socket, url, request)
  socket.pause()
  socket.on('error', () => {})
  return () => socket.destroy()
}

function open(url, options = {}) {
  const { hostname, port } = new URL(url)
  return connect({ host: hostname, port: Number(port), noDelay: true, ...options })
}

function send(socket, url, { method = 'GET', headers = {}, body = '' }) {
  const { host, pathname, search } = new URL(url)
  const lines = Object.entries({ host, ...(body === '' ? {} : { 'content-length': Buffer.byteLength(body) }), ...headers })
  socket.write(`${method} ${pathname}${search} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${body}`)
}

class Reading {
  head = ''
  text = ''
  onOver = () => {}
  #began = performance.now()
  #expectedStatus
  #keepsText
  #expected = Number.POSITIVE_INFINITY
  #bytes = 0
  #kept = []
  #keptBytes = 0
  #headEnd = null
  #firstByteMs = null
  #headMs = null

  constructor(expectedStatus, keepsText = false) {
    this.#expectedStatus = expectedStatus
    this.#keepsText = keepsText
  }

  get isOver() {
    return this.#bytes >= this.#expected
  }

  get result() {
    const status = Number(this.head.split(' ')[1])
    return { status, bytes: this.#bytes, ms: performance.now() - this.#began, firstByteMs: this.#firstByteMs, headMs: this.#headMs }
  }

  take(bytes) {
    const body = this.#expected === Number.POSITIVE_INFINITY ? this.#takeHead(bytes) : bytes
    if (body.byteLength === 0) return
    this.#firstByteMs ??= performance.now() - this.#began
    this.#bytes += body.byteLength
    // Answers of GraphQL in these measurements are ASCII.
    if (this.#keepsText) this.text += body.toString('latin1')
    if (this.#headMs === null) this.#lookForHead(body)
  }

  #takeHead(bytes) {
    this.head += bytes.toString('latin1')
    const end = this.head.indexOf(HEAD_END)
    if (end < 0) return bytes.subarray(0, 0)
    const bodyBytes = this.head.length - end - HEAD_END.length
    this.head = this.head.slice(0, end)
    const length = /^content-length: (\d+)$/im.exec(this.head)
    if (!this.head.startsWith(`HTTP/1.1 ${this.#expectedStatus} `) || length === null) throw new Error(`unexpected answer: ${this.head}`)
    this.#expected = Number(length[1])
    return bytes.subarray(bytes.byteLength - bodyBytes)
  }

  #lookForHead(body) {
    if (this.#keptBytes < KEPT_BYTES) {
      this.#kept.push(Buffer.from(body.subarray(0, KEPT_BYTES)))
      this.#keptBytes += body.byteLength
      this.#headEnd ??= headEndOf(Buffer.concat(this.#kept))
    }
    if (this.#headEnd !== null && this.#bytes >= this.#headEnd) this.#headMs = performance.now() - this.#began
  }
}

/** First byte behind `moov`, where it is the second box. */
function headEndOf(start) {
  if (start.byteLength < 16 || start.toString('latin1', 4, 8) !== 'ftyp') return null
  const moov = start.readUInt32BE(0)
  if (start.byteLength < moov + 8 || start.toString('latin1', moov + 4, moov + 8) !== 'moov') return null
  return moov + start.readUInt32BE(moov)
}
