/** What timers do to a call: functions of their own, so that no closure is made for each of its turns. */

export function stayOpen(call: { stayOpen(): void }): void {
  call.stayOpen()
}

export function timeOut(call: { timeOut(): void }): void {
  call.timeOut()
}
