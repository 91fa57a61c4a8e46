/** Has a program of Node that was started with `--inspect=127.0.0.1:<port>` collect its garbage; resolves when that is done. */
export async function collectGarbage(port: number): Promise<void> {
  const listed = await (await fetch(`http://127.0.0.1:${port}/json/list`)).text()
  const [target]: readonly { readonly webSocketDebuggerUrl: string }[] = JSON.parse(listed)
  const socket = new WebSocket(target?.webSocketDebuggerUrl ?? '')
  try {
    await new Promise<void>((resolve, reject) => {
      socket.addEventListener('open', () => socket.send(JSON.stringify({ id: 1, method: 'HeapProfiler.collectGarbage' })))
      socket.addEventListener('message', () => resolve())
      socket.addEventListener('error', () => reject(new Error('The inspector cannot be reached.')))
    })
  } finally {
    socket.close()
  }
}
