// What is measured runs as its users run it: in processes of its own, over data folders of its own, on free ports.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'

const PROBE = new URL('probe.mjs', import.meta.url).href
const CLI = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url))
const GATEWAY = fileURLToPath(new URL('gateway-process.mjs', import.meta.url))
const TLS_PROXY = fileURLToPath(new URL('rivals/tls-proxy.mjs', import.meta.url))
const GRAPHQL_SERVER = fileURLToPath(new URL('rivals/graphql-server.mjs', import.meta.url))
const FILE_SERVER = fileURLToPath(new URL('rivals/file-server.mjs', import.meta.url))
const SETTINGS = { HOST: '127.0.0.1', PORT: '0', KVS_PORT: '0', KVS_QUOTAS: 'off', KVS_DEMO: 'false', LOG_LEVEL: 'error' }
const KILL_AFTER_MS = 10_000

/** The embedded KVS by itself (`clipgate kvs`). */
export function startKvs({ dataDir, env = {} }) {
  return startNode([CLI, 'kvs'], { env: { DATA_DIR: dataDir, ...env }, ready: /Kinesis Video\s+(http\S+)/ })
}

/** The gateway alone, before an embedded KVS in another process. */
export function startGateway({ dataDir, kvsUrl, env = {} }) {
  return startNode([GATEWAY, kvsUrl], { env: { DATA_DIR: dataDir, ...env }, ready: /(http\S+)/ })
}

/** Both in one process, as `npm start` runs them. */
export function startBoth({ dataDir, env = {} }) {
  return startNode([CLI, 'serve'], { env: { DATA_DIR: dataDir, ...env }, ready: /GraphQL\s+(http\S+)\/graphql/ })
}

/** A bare node:http server with fs.createReadStream (256 KiB): what one would write oneself. */
export function startFileServer(folder) {
  return startNode([FILE_SERVER, folder], { env: {}, ready: /(http\S+)/ })
}

/** Terminates TLS in front of the embedded KVS. */
export function startTlsProxy(kvsUrl, { cert, key }) {
  return startNode([TLS_PROXY, kvsUrl, cert, key], { env: {}, ready: /(https\S+)/ })
}

/** Another GraphQL server, which returns the answers of a file. */
export function startGraphqlRival(kind, { schema, answers }) {
  return startNode([GRAPHQL_SERVER, kind, schema, answers], { env: { NODE_ENV: 'production' }, ready: /(http\S+)/ })
}

async function startNode(args, { env, ready }) {
  const child = spawn(process.execPath, ['--expose-gc', '--import', PROBE, ...args], {
    env: { PATH: process.env.PATH, ...SETTINGS, ...env },
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  })
  const url = await readyUrl(child, ready)
  return new MeasuredProcess(child, url)
}

async function readyUrl(child, ready) {
  let said = ''
  child.stdout.setEncoding('utf8')
  const ended = once(child, 'close').then(() => null)
  for (;;) {
    const match = ready.exec(said)
    if (match !== null) {
      child.stdout.resume()
      return match[1]
    }
    const more = await Promise.race([once(child.stdout, 'data'), ended])
    if (more === null) throw new Error(`a measured process ended before it was ready: ${said}`)
    said += more[0]
  }
}

export class MeasuredProcess {
  #child
  #lastId = 0

  constructor(child, url) {
    this.#child = child
    this.url = url
  }

  get pid() {
    return this.#child.pid
  }

  /** `collect` frees what can be freed first; `reset` begins the longest event-loop delay anew. */
  async read({ collect = false, reset = false } = {}) {
    this.#lastId += 1
    const id = this.#lastId
    this.#child.send({ id, collect, reset })
    for (;;) {
      const [answer] = await once(this.#child, 'message')
      if (answer.id === id) return answer
    }
  }

  /** Bytes that it holds once garbage is gone. */
  async settledBytes() {
    return (await this.read({ collect: true })).rssBytes
  }

  /** What `work` takes: milliseconds, and CPU seconds of this process, all of its threads together. */
  async spentOn(work) {
    const before = await this.read()
    const began = performance.now()
    const result = await work()
    const ms = performance.now() - began
    const after = await this.read()
    return { ms, cpuSeconds: after.cpuSeconds - before.cpuSeconds, result }
  }

  /** The most memory it holds at any instant while `work` is done, garbage included. */
  async peakBytesOf(work) {
    // proc(5): 5 resets the high-water mark.
    await writeFile(`/proc/${this.pid}/clear_refs`, '5')
    await work()
    return readStatusBytes(this.pid, 'VmHWM')
  }

  async stop() {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const ended = once(this.#child, 'close')
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), KILL_AFTER_MS)
    this.#child.kill('SIGTERM')
    await ended
    clearTimeout(timer)
  }

  async [Symbol.asyncDispose]() {
    await this.stop()
  }
}

async function readStatusBytes(pid, field) {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? Number.NaN) * 1024
}
