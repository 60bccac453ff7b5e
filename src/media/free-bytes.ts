/**
 * Frees the memory of `bytes` now. The caller owns them: all views of their buffer are empty afterwards. Has no effect if `bytes` are only
 * a part of their buffer.
 *
 * The garbage collector counts external buffers as its own memory and marks the whole heap every few dozen megabytes. For bodies, which
 * have a buffer for each read of a socket, this would take much of the CPU.
 */
export function freeBytes({ buffer, byteLength }: ArrayBufferView): void {
  if (byteLength > 0 && 'transfer' in buffer && buffer.byteLength === byteLength) buffer.transfer(0)
}
