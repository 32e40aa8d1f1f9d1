// A message centre that does what its standard input says and tells what it sees, one JSON line each.
//   in:  {"do": "listen" | "answer" | "throttle" | "silent" | "drop" | "deliver" | "receipt" | ...}
//   out: {"saw": "listening" | "bind" | "submit" | "unbind" | "enquire" | "delivered" | "closed" | "done", ...}
// With the names of two files as arguments, a key and a certificate, it speaks TLS.
const fs = require('fs');
const readline = require('readline');
const smpp = require('smpp');

const tell = (line) => process.stdout.write(JSON.stringify(line) + '\n');
const sessions = new Set();
let statuses = []; // what the next submit_sm are answered with
let isSilent = false; // submit_sm are taken and not answered
let count = 0;

const [key, cert] = process.argv.slice(2).map((name) => fs.readFileSync(name));
const server = smpp.createServer(key ? { key, cert } : {}, (session) => {
  session.on('error', () => {});
  session.on('close', () => { sessions.delete(session); tell({ saw: 'closed' }); });
  for (const kind of ['transceiver', 'receiver', 'transmitter']) {
    session.on('bind_' + kind, (pdu) => {
      const good = pdu.system_id === 'travelcheck' && pdu.password === 'secret';
      session.kind = kind;
      session.send(pdu.response({ command_status: good ? 0 : smpp.ESME_RINVPASWD, system_id: 'smsc' }));
      if (good) sessions.add(session);
      tell({ saw: 'bind', kind, good, version: pdu.interface_version });
    });
  }
  session.on('enquire_link', (pdu) => { session.send(pdu.response()); tell({ saw: 'enquire' }); });
  session.on('unbind', (pdu) => { session.send(pdu.response()); tell({ saw: 'unbind' }); session.close(); });
  session.on('submit_sm', (pdu) => {
    const status = statuses.length ? statuses.shift() : 0;
    const id = status ? '' : 'id-' + ++count;
    const text = pdu.short_message && pdu.short_message.message !== undefined
      && pdu.short_message.message.length ? pdu.short_message : pdu.message_payload || {};
    tell({
      saw: 'submit', id, status, to: pdu.destination_addr, ton: pdu.dest_addr_ton,
      from: pdu.source_addr, source_ton: pdu.source_addr_ton, coding: pdu.data_coding,
      text: text.message, udh: (text.udh || []).map((one) => one.toString('hex')),
      payload: pdu.message_payload !== undefined, receipt: pdu.registered_delivery,
    });
    if (!isSilent) session.send(pdu.response({ command_status: status, message_id: id }));
  });
});

const receiver = () => [...sessions].find((one) => one.kind !== 'transmitter');

const deeds = {
  throttle: (line) => { statuses = line.statuses; },
  silent: (line) => { isSilent = line.on; },
  drop: () => sessions.forEach((one) => one.destroy()),
  deliver: (line) => {
    const pdu = {
      source_addr: line.from, source_addr_ton: line.ton === undefined ? 1 : line.ton,
      destination_addr: line.to, ...line.more,
    };
    const message = line.hex !== undefined ? Buffer.from(line.hex, 'hex') : line.text;
    const udh = line.udh ? Buffer.from(line.udh, 'hex') : undefined;
    pdu[line.payload ? 'message_payload' : 'short_message'] = udh ? { udh, message } : message;
    receiver().deliver_sm(pdu, (answer) => tell({ saw: 'delivered', status: answer.command_status }));
    if (line.then_drop) receiver().destroy();
  },
  receipt: (line) => {
    const text = `id:${line.id} sub:001 dlvrd:001 submit date:2611281200 done date:2611281201`
      + ` stat:${line.stat} err:${line.err || '000'} text:stat:DELIVRD`;
    receiver().deliver_sm(
      { source_addr: line.from, destination_addr: line.to, esm_class: 4, short_message: text, ...line.more },
      (answer) => tell({ saw: 'delivered', status: answer.command_status }),
    );
  },
  enquire: () => [...sessions].forEach((one) => one.enquire_link({}, () => tell({ saw: 'alive' }))),
  strange: () => receiver().send(new smpp.PDU('alert_notification', {})),
  unbind: () => [...sessions].forEach((one) => one.unbind(() => one.close())),
};

server.listen(0, '127.0.0.1', () => tell({ saw: 'listening', port: server.address().port }));
readline.createInterface({ input: process.stdin })
  .on('line', (line) => { const asked = JSON.parse(line); deeds[asked.do](asked); tell({ saw: 'done' }); })
  .on('close', () => process.exit(0));
