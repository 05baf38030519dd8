#!/usr/bin/env python3
"""Runs one of the proxies of this folder in front of a server, with the configuration that the book shows.

    python3 run.py nginx|haproxy|caddy SERVER_PORT

Ports and paths are replaced by free ones; everything else is as it stands. Prints `http://127.0.0.1:A https://127.0.0.1:B`
when the proxy takes connections. SIGHUP makes it read its configuration anew and prints `reloaded`; SIGTERM, or the end
of standard input, ends it.
"""
import os, random, shutil, signal, socket, subprocess, sys, tempfile, threading, time

HERE = os.path.dirname(os.path.abspath(__file__))


def free_port():
    """One below those that the system gives to others, so that it stays free until somebody listens."""
    while True:
        with socket.socket() as s:
            port = random.randrange(10_000, 30_000)
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                s.bind(('127.0.0.1', port))
                return port
            except OSError:
                pass


def certificate(folder):
    cert, key = os.path.join(folder, 'fullchain.pem'), os.path.join(folder, 'privkey.pem')
    subprocess.run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes',
                    '-keyout', key, '-out', cert, '-days', '2', '-subj', '/CN=localhost',
                    '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'], check=True, capture_output=True)
    with open(os.path.join(folder, 'both.pem'), 'w') as both:
        for part in (cert, key): both.write(open(part).read())


def configure(name, folder, ports, server):
    """The book's file, with what belongs to this machine in the place of what belongs to the reader's."""
    http, https, admin = ports
    file = {'nginx': 'nginx.conf', 'haproxy': 'haproxy.cfg', 'caddy': 'Caddyfile'}[name]
    text = open(os.path.join(HERE, file)).read()
    swaps = {
        'nginx': [('listen 80;', 'listen 127.0.0.1:%d;' % http), ('listen 443 ', 'listen 127.0.0.1:%d ' % https),
                  ('/run/nginx.pid', folder + '/nginx.pid'), ('/var/log/nginx/error.log', folder + '/error.log'),
                  ('worker_connections 65536', 'worker_connections 1024')],
        'haproxy': [('bind :80', 'bind 127.0.0.1:%d' % http), ('bind :443', 'bind 127.0.0.1:%d' % https),
                    ('maxconn 65536', 'maxconn 1024')],
        'caddy': [('http://:80', 'http://127.0.0.1:%d' % http), ('https://:443', 'https://127.0.0.1:%d' % https),
                  ('localhost:2019', 'localhost:%d' % admin)],
    }[name] + [('/etc/ssl/chat', folder), ('127.0.0.1:4000', '127.0.0.1:%d' % server)]
    for old, new in swaps:
        if old not in text: sys.exit('%s has no %r' % (file, old))
        text = text.replace(old, new)
    path = os.path.join(folder, file)
    open(path, 'w').write(text)
    return path, admin


def command(name, folder, config):
    return {
        'nginx': ['nginx', '-p', folder, '-c', config, '-g', 'daemon off;'],
        'haproxy': ['haproxy', '-W', '-db', '-f', config],
        'caddy': ['caddy', 'run', '--adapter', 'caddyfile', '--config', config],
    }[name]


def main():
    name, server = sys.argv[1], int(sys.argv[2])
    folder = tempfile.mkdtemp(prefix='phx-%s-' % name)
    os.chmod(folder, 0o755)
    os.environ.update(HOME=folder, XDG_DATA_HOME=folder, XDG_CONFIG_HOME=folder)
    os.environ['PATH'] += ':/usr/sbin:/sbin'
    certificate(folder)
    ports = free_port(), free_port(), free_port()
    config, admin = configure(name, folder, ports, server)
    log = open(os.path.join(folder, 'log'), 'wb')
    proxy = subprocess.Popen(command(name, folder, config), stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def reload(*_):
        if name == 'caddy':
            subprocess.run(['caddy', 'reload', '--force', '--adapter', 'caddyfile', '--config', config,
                            '--address', 'localhost:%d' % admin], check=True, capture_output=True)
        else:
            proxy.send_signal(signal.SIGUSR2 if name == 'haproxy' else signal.SIGHUP)
        print('reloaded', flush=True)

    def stop(*_):
        proxy.terminate()

    signal.signal(signal.SIGHUP, reload)
    signal.signal(signal.SIGTERM, stop)
    end = time.monotonic() + 120
    for port in ports[:2]:
        while True:
            try:
                socket.create_connection(('127.0.0.1', port), 1).close()
                break
            except OSError:
                if proxy.poll() is not None or time.monotonic() > end:
                    proxy.kill()
                    sys.exit('%s did not start:\n%s' % (name, open(log.name).read()))
                time.sleep(0.05)
    print('http://127.0.0.1:%d https://127.0.0.1:%d' % ports[:2], flush=True)
    # Whoever started this may be gone without a signal.
    threading.Thread(target=lambda: (sys.stdin.read(), os.kill(os.getpid(), signal.SIGTERM)), daemon=True).start()
    proxy.wait()
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == '__main__':
    main()
