# churon behind its HTTP door, for servers: Ollama's models, Milvus by address.
FROM python:3.12-slim

RUN useradd --create-home churon
WORKDIR /home/churon/app
COPY --chown=churon pyproject.toml README.md LICENSE ./
COPY --chown=churon churon churon
COPY --chown=churon graphs graphs
COPY --chown=churon nodes nodes
COPY --chown=churon tools tools
RUN pip install --no-cache-dir '.[serve,postgres]' 'kiwipiepy>=0.22,<1'
# A volume mounted where nothing is would be root's
RUN install -d -o churon -g churon /home/churon/.churon

USER churon
WORKDIR /home/churon
ENV CHURON_PRESET=ollama CHURON_SERVE__HOST=0.0.0.0
EXPOSE 8000
HEALTHCHECK --start-period=60s \
  CMD python -c "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"
CMD ["churon", "serve"]
