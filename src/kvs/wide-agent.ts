import { Agent, type AgentOptions } from 'node:http'
import { type OnReadOpts, Socket } from 'node:net'

const MAX_READ_BYTES = 1_048_576
const MIN_READ_BYTES = 65_536

/**
 * An agent whose sockets read up to 1 MiB at a time. Node reads 64 KiB at a time into a new buffer, and the garbage collector marks the whole
 * heap after some hundred of them: without this agent, a clip of 94 MB takes twice as long through the gateway (docs/benchmarks.md).
 *
 * It has no effect on TLS, where Node passes on records of 16 KiB.
 */
export function createWideAgent(options: AgentOptions): Agent {
  const agent = new Agent(options)
  const connect = agent.createConnection.bind(agent)
  agent.createConnection = (target, callback) => {
    const wide = { ...target, onread: createReads() }
    return connect(wide, callback)
  }
  return agent
}

/** A buffer for one socket. The HTTP parser copies what it passes on before the next read begins. */
function createReads(): OnReadOpts {
  const memory = Buffer.allocUnsafeSlow(MAX_READ_BYTES)
  let nextBytes = MIN_READ_BYTES
  return {
    buffer: () => memory.subarray(0, nextBytes),
    callback(this: unknown, length, bytes) {
      // The first reads are short, so that the head of a body is passed on early.
      nextBytes = Math.min(MAX_READ_BYTES, length + MIN_READ_BYTES)
      // A socket with its own buffer emits no 'data', which Node's HTTP client waits for.
      if (this instanceof Socket) this.emit('data', bytes.subarray(0, length))
      return true
    },
  }
}
