/** Above this glibc asks the system for memory of its own for an allocation; it keeps twice as much of what is freed. */
const LEARNT_BYTES = 8_388_608
let isSteady = false

/**
 * Has glibc keep what is freed, up to 16 MiB, instead of giving it back to the system and asking for it again some hundred times for each
 * clip (measured: 15 % of the CPU of a clip on its way through; the pages come back empty, one fault each). Its thresholds follow the
 * largest allocation that was freed (mallopt(3), M_MMAP_THRESHOLD), so one is made and freed. Where malloc is another, nothing happens.
 */
export function keepHeapSteady(): void {
  if (isSteady) return
  isSteady = true
  Buffer.allocUnsafeSlow(LEARNT_BYTES).buffer.transfer(0)
}
