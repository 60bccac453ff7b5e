import { GatewayError } from '../../domain/errors.js'
import type { StreamDescription } from '../../kvs/ports.js'
import type { RequestContext } from '../context.js'

/** Does the work on a stream; when its ARN is no longer known, once more on the stream that has its name by now. */
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
