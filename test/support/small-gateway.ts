import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fragmentRow, streamInfo } from './kvs-wire-rows.js'
import { KvsWireStub } from './kvs-wire-stub.js'

/** Three fragments of a second and then a hole of two, repeated: nearly the maximum number of spans in a coverage. */
export const HOLEY_SPANS = 9_900
const SPAN = { fragments: 3, fragmentMs: 1000, stepMs: 5000 } as const
const START_MS = Date.now() - 20 * 3_600_000
export const HOLEY_RANGE = {
  startTimestamp: new Date(START_MS).toISOString(),
  endTimestamp: new Date(START_MS + HOLEY_SPANS * SPAN.stepMs).toISOString(),
}

export interface SmallGateway extends AsyncDisposable {
  readonly url: string
  readonly child: ChildProcess
  /** The peak memory of the process, in bytes. */
  peakBytes(): Promise<number>
}

/** A gateway in a process with little memory, over a stub whose streams all have footage with holes. */
export async function startSmallGateway(heapMegabytes: number, env: Readonly<Record<string, string>> = {}): Promise<SmallGateway> {
  const stub = await createHoleyStub()
  const folder = await mkdtemp(join(tmpdir(), 'clipgate-small-'))
  const args = ['test/support/gateway-process.ts', stub.url, folder]
  return startSmall(heapMegabytes, { args, env, end: () => Promise.all([stub.close(), rm(folder, { recursive: true, force: true })]) })
}

/** Only its HTTP app, over clips with as many gaps. */
export function startSmallHarness(heapMegabytes: number): Promise<SmallGateway> {
  return startSmall(heapMegabytes, { args: ['test/support/harness-process.ts'], env: {}, end: async () => null })
}

interface SmallProcess {
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly end: () => Promise<unknown>
}

async function startSmall(heapMegabytes: number, { args, env, end }: SmallProcess): Promise<SmallGateway> {
  const node = [`--max-old-space-size=${heapMegabytes}`, '--import', './test/support/source-loader.mjs']
  const child = spawn(process.execPath, [...node, ...args], {
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { PATH: process.env.PATH, ...env },
  })
  const { value: url } = await createInterface({ input: child.stdout })[Symbol.asyncIterator]().next()
  return {
    url: String(url),
    child,
    async peakBytes() {
      return Number(/VmHWM:\s+(\d+) kB/.exec(await readFile(`/proc/${child.pid}/status`, 'utf8'))?.[1]) * 1024
    },
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGKILL')
        await once(child, 'exit')
      }
      await end()
    },
  }
}

async function createHoleyStub(): Promise<KvsWireStub> {
  const stub = await new KvsWireStub().listen()
  const names = Array.from({ length: 50 }, (_, index) => `camera-${String(index).padStart(2, '0')}`)
  stub.on('/listStreams', () => ({ StreamInfoList: names.map((name) => streamInfo(name)) }))
  stub.on('/describeStream', ({ body }) => ({ StreamInfo: streamInfo(String(body.StreamName ?? String(body.StreamARN).split('/')[1])) }))
  stub.on('/listTagsForStream', () => ({ Tags: { site: 'north' } }))
  const rows = createHoleyRows()
  stub.on('/listFragments', ({ body }) => {
    const at = Number(body.NextToken ?? 0)
    const next = at + 1_000
    return { Fragments: rows.slice(at, next), ...(next < rows.length ? { NextToken: String(next) } : {}) }
  })
  return stub
}

function createHoleyRows(): object[] {
  const numbers = Array.from({ length: HOLEY_SPANS * SPAN.fragments }, (_, index) => index)
  return numbers.map((index) => {
    const spanMs = Math.floor(index / SPAN.fragments) * SPAN.stepMs
    const atMs = START_MS + spanMs + (index % SPAN.fragments) * SPAN.fragmentMs
    return { ...fragmentRow(1_000_000 + index, atMs), FragmentLengthInMilliseconds: SPAN.fragmentMs, FragmentSizeInBytes: 10_000 }
  })
}
