/** Connects its input and output to a port on the loopback of whatever network it was started in. */
import { connect } from "node:net";

const [port = "0"] = process.argv.slice(2);
const socket = connect({ host: "127.0.0.1", port: Number(port), allowHalfOpen: true });
socket.on("error", (error) => {
  process.stderr.write(`cannot forward to port ${port}: ${error.message}`);
  process.exitCode = 1;
  process.stdin.destroy();
});
process.stdin.pipe(socket).pipe(process.stdout);
