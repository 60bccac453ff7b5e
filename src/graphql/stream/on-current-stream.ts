import { GatewayError } from '../../domain/errors.js'
import type { StreamDescription } from '../../kvs/ports.js'
import type { RequestContext } from '../context.js'

/** Runs `work` on a stream. If its ARN no longer exists, retries once on the stream that now has its name (deleted and created again). */
export async function onCurrentStream<Answer>(
  stream: StreamDescription,
  { findSuccessor }: Pick<RequestContext, 'findSuccessor'>,
  work: (stream: StreamDescription) => Promise<Answer>,
): Promise<Answer> {
  try {
    return await work(stream)
  } catch (error) {
    const successor = error instanceof GatewayError && error.code === 'NOT_FOUND' ? await findSuccessor(stream) : null
    if (successor === null) throw error
    return work(successor)
  }
}
