import { sleep } from '../../lib/sleep.js'
import { AwsException } from '../aws-exception.js'
import type { Fault } from '../faults/fault-rule.js'
import { InjectedFault } from '../faults/injected-fault.js'
import type { Exchange } from './exchange.js'

/** Thrown when a fault rule has answered in its own way already, so that nothing is left to do. */
export class AlreadyAnswered extends Error {}

/** The faults of a request that come before its answer: delays first, then the first that refuses. */
export async function strikeBeforeAnswer(exchange: Exchange, faults: readonly Fault[]): Promise<void> {
  const delayMs = faults.reduce((sum, fault) => sum + (fault.kind === 'delay' ? fault.ms : 0), 0)
  if (delayMs > 0) await sleep(delayMs, exchange.call.signal)
  for (const fault of faults) refuseBy(fault, exchange)
}

function refuseBy(fault: Fault, { request, response, call }: Exchange): void {
  switch (fault.kind) {
    case 'throttle':
      throw new AwsException('ClientLimitExceededException', 'Rate exceeded, by a fault rule')
    case 'exception':
      throw new InjectedFault(fault.name, fault.status, fault.message)
    case 'status':
      response.writeHead(fault.status, { 'x-amzn-RequestId': call.requestId, 'content-length': 0 }).end()
      throw new AlreadyAnswered(`status ${fault.status}, by a fault rule`)
    case 'refuse':
      // A reset rather than an orderly end: what a client sees of a port where nobody listens, or of a peer that has gone.
      request.socket.resetAndDestroy?.()
      request.destroy()
      throw new AlreadyAnswered('connection refused, by a fault rule')
  }
}
