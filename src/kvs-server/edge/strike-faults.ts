import { sleep } from '../../lib/clock.js'
import { AwsException } from '../aws-exception.js'
import type { Fault } from '../faults/fault-rule.js'
import type { Exchange } from './exchange.js'

/** Applies the faults that come before the answer: delays first, then the first that refuses. True when one of them was the answer. */
export async function strikeBeforeAnswer(exchange: Exchange, faults: readonly Fault[]): Promise<boolean> {
  const delayMs = faults.reduce((sum, fault) => sum + (fault.kind === 'delay' ? fault.ms : 0), 0)
  if (delayMs > 0) await sleep(delayMs, exchange.call.signal)
  return faults.some((fault) => answerBy(fault, exchange))
}

function answerBy(fault: Fault, { request, response, call }: Exchange): boolean {
  switch (fault.kind) {
    case 'throttle':
      throw new AwsException('ClientLimitExceededException', 'Rate exceeded, by a fault rule')
    case 'exception':
      throw new AwsException({ name: fault.name, status: fault.status }, fault.message)
    case 'status':
      response.writeHead(fault.status, { 'x-amzn-RequestId': call.requestId, 'content-length': 0 }).end()
      return true
    case 'refuse':
      // A reset, not an orderly end: clients see it for a port without a listener, or for a peer that is gone.
      request.socket.resetAndDestroy?.()
      request.destroy()
      return true
    default:
      return false
  }
}
